/** One line each way on a connection of its own, under a key of its own: for what concerns keys. */
import { Failure } from "../protocol/model/failure.ts";
import type { Address } from "../protocol/model/member.ts";
import type { Key } from "../seal/keyring.ts";
import { parseAddress } from "../wire/address.ts";
import { callWith } from "./calling.ts";
import {
  type Callbacks,
  type ConnectionHandler,
  callbacks,
  drop,
  finish,
  IGNORING,
  type Wire,
} from "./connection.ts";
import { ERRAND_BYTES, ERRAND_MS } from "./limits.ts";
import type { LockedOut } from "./types.ts";

/** The other end has no such key, or says why it does not take it any more. */
export class Refused extends Failure {
  constructor(
    readonly why: LockedOut,
    address: Address,
  ) {
    super(`The peer at ${address} does not let this one in.`);
  }
}

/**
 * Runs an errand: says a line to a peer, and hears one.
 * @throws Refused, or a Failure where nobody answers in time
 */
export async function runErrand(address: Address, key: Key, line: string): Promise<string> {
  const target = parseAddress(address);
  if (target === null) throw new Failure(`${address} is no address.`);
  const over = Promise.withResolvers<never>();
  const deadline = setTimeout(() => over.reject(noAnswer(address)), ERRAND_MS);
  const handlers = callbacks((error) => over.reject(error));
  let socket: Wire | null = null;
  try {
    const called = await Promise.race([connect(target, key, address, handlers), over.promise]);
    socket = called;
    const answer = lineFrom(socket);
    socket.write(`${line}\n`);
    const heard = await Promise.race([answer, over.promise]);
    if (heard === null) throw noAnswer(address);
    return heard;
  } finally {
    clearTimeout(deadline);
    if (socket !== null) drop(socket);
    over.promise.catch(() => {});
  }
}

/** Answers the errand of whoever is at the other end of a socket: hears a line, and says one. */
export async function answerErrand(
  socket: Wire,
  answer: (line: string) => Promise<string | null>,
): Promise<void> {
  const deadline = setTimeout(() => drop(socket), ERRAND_MS);
  const line = await lineFrom(socket);
  const said = line === null ? null : await answer(line);
  clearTimeout(deadline);
  if (said === null) return drop(socket);
  socket.write(`${said}\n`);
  finish(socket);
}

function noAnswer(address: Address): Failure {
  return new Failure(`No answer from ${address}: check that it runs and can be reached from here.`);
}

function connect(
  { host, port }: { host: string; port: number },
  key: Key,
  address: Address,
  handlers: Callbacks,
): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const opened = (socket: Wire): void => {
      callWith(key, socket, address, handlers, (called) => {
        if ("socket" in called) resolve(called.socket);
        else reject(new Refused(called.lockedOut ?? "stranger", address));
      });
    };
    const data: ConnectionHandler = { ...IGNORING, opened };
    Bun.connect<ConnectionHandler>({ hostname: host, port, data, socket: handlers }).catch(() =>
      reject(new Failure(`Nobody listens at ${address}: start that peer first, or name another.`)),
    );
  });
}

/** The first line that comes on a socket; null if it ends before, or the line is too long. */
function lineFrom(socket: Wire): Promise<string | null> {
  return new Promise((resolve) => {
    let text = "";
    socket.data = {
      ...IGNORING,
      data(bytes) {
        text += Buffer.from(bytes).toString("latin1");
        const end = text.indexOf("\n");
        if (end >= 0) resolve(text.slice(0, end));
        else if (text.length > ERRAND_BYTES) resolve(null);
      },
      closed: () => resolve(null),
    };
  });
}
