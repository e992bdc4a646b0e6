/** A transport for tests, and waiting for what it reports. */
import { Failure } from "../../src/protocol/model/failure.ts";
import type { Unreachable } from "../../src/protocol/model/io.ts";
import type { Address, Member } from "../../src/protocol/model/member.ts";
import type { Channel, Message, Ping } from "../../src/protocol/model/messages.ts";
import { openTransport } from "../../src/transport/transport.ts";
import type { Transport, TransportOptions } from "../../src/transport/types.ts";
import { encode, encodeFrame, type Sender } from "../../src/wire/message.ts";
import type { WireMessage } from "../../src/wire/table.ts";

export const HOST = "127.0.0.1";
export const RING = 70_000;

/** What happens, kept until someone asks for it. */
export class Mailbox<T> {
  readonly seen: T[] = [];
  #waiting: { matches: (item: T) => boolean; take: (item: T) => void }[] = [];

  put(item: T): void {
    this.seen.push(item);
    const found = this.#waiting.filter((one) => one.matches(item));
    this.#waiting = this.#waiting.filter((one) => !found.includes(one));
    for (const one of found) one.take(item);
  }

  /** The first that matches, of those that came and those that come. */
  first(matches: (item: T) => boolean = () => true): Promise<T> {
    const known = this.seen.find(matches);
    return known === undefined ? this.next(matches) : Promise.resolve(known);
  }

  /** The next that matches, from now on. */
  next(matches: (item: T) => boolean = () => true): Promise<T> {
    return new Promise((take) => this.#waiting.push({ matches, take }));
  }
}

export type Heard = {
  from: Member;
  message: Message;
  channel: Channel;
  body: Uint8Array | null;
  heldMs: number | null;
};

export type Unreached = { address: Address; how: Unreachable; broke: boolean };

export type Greeted = { address: Address; by: Member };

export type Peer = {
  readonly transport: Transport;
  readonly address: Address;
  readonly heard: Mailbox<Heard>;
  readonly unreachable: Mailbox<Unreached>;
  readonly greeted: Mailbox<Greeted>;
  readonly faults: unknown[];
  /** Messages that the wire could not hold, and why. */
  readonly unsent: [string, string][];
};

const open: Transport[] = [];

/** Opens a transport on a free port; `closeAll` closes it. */
export async function openPeer(
  id: number,
  options: Partial<TransportOptions> & { ring?: number } = {},
): Promise<Peer> {
  const heard = new Mailbox<Heard>();
  const unreachable = new Mailbox<Unreached>();
  const greeted = new Mailbox<Greeted>();
  const faults: unknown[] = [];
  const unsent: [string, string][] = [];
  const ring = options.ring ?? RING;
  const transport: Transport = await openTransport({
    host: HOST,
    port: 0,
    sender: () => ({ ...sender(id, transport.port), ring }),
    message: (...[from, message, channel, body, heldMs]) =>
      heard.put({ from, message, channel, body, heldMs }),
    unreachable: (address, how, broke) => unreachable.put({ address, how, broke }),
    greeted: (address, by) => greeted.put({ address, by }),
    open: () => ({ refused: "nothing is served here" }),
    isMember: () => true,
    unsent: (tag, why) => unsent.push([tag, why]),
    fault: (error) => faults.push(error),
    ...options,
  });
  open.push(transport);
  return {
    transport,
    address: `${HOST}:${transport.port}`,
    heard,
    unreachable,
    greeted,
    faults,
    unsent,
  };
}

export function closeAll(): void {
  for (const transport of open.splice(0)) transport.close();
}

export function sender(id: number, port: number): Sender {
  return { ring: RING, id, incarnation: 1, instance: "00000000000000aa", state: "alive", port };
}

export function ack(request: number): Message {
  return { tag: "ack", request };
}

/** A message that goes by datagram. */
export function ping(nonce: number): Ping {
  const standing = { awayMs: null, forgottenMs: null };
  return { tag: "ping", nonce, round: false, digest: 0, room: 0, ...standing };
}

/** A message behind which a content stands. */
export const routed = (request: number, size: number): Message => ({
  tag: "routed",
  request,
  origin: { id: 1, address: "127.0.0.1:9", instance: "0123456789abcdef" },
  route: [1],
  ask: {
    kind: "store",
    name: "a",
    key: 1,
    content: { size, sha256: "ab".repeat(32) },
    write: { number: 1, after: 0, require: 0 },
  },
  leftMs: 1_000,
  counter: 0,
  avoid: [],
  back: false,
  lost: false,
});

/** The bytes of a message from peer 99, which listens nowhere. */
export function frameOf(message: WireMessage, ring = RING): Uint8Array {
  return encodeFrame(message, { ...sender(99, 9), ring });
}
export function datagramOf(message: WireMessage, ring = RING): Uint8Array {
  return encode(message, { ...sender(99, 9), ring });
}

/** A port on which nobody listens, for streams or datagrams. */
export async function deadPort(): Promise<number> {
  const peer = await openPeer(0);
  peer.transport.close();
  return peer.transport.port;
}

/** The Failure that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw new Error(`not a Failure: ${String(error)}`);
}

/** A plain TCP connection, to send whatever bytes. */
export async function callRaw(
  port: number,
): Promise<{ write(bytes: Uint8Array): void; got: Mailbox<Uint8Array>; closed: Promise<void> }> {
  const got = new Mailbox<Uint8Array>();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: HOST,
    port,
    socket: {
      data: (_, bytes) => got.put(bytes),
      close: () => resolve(),
      end: (ending) => {
        ending.terminate();
      },
    },
  });
  return { write: (bytes) => void socket.write(bytes), got, closed };
}

/** A child process that listens on a port; killed, it leaves as a crash would. */
export async function spawnListener(): Promise<{
  port: number;
  /** A connection has brought it something. */
  greeted: Promise<unknown>;
  kill(): void;
  exited: Promise<number>;
}> {
  const program = `
    const listener = Bun.listen({
      hostname: "${HOST}", port: 0, socket: { data() { console.log("greeted"); } },
    });
    console.log(listener.port);
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  const output = child.stdout.getReader();
  const { value } = await output.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    greeted: output.read(),
    kill: () => child.kill("SIGKILL"),
    exited: child.exited,
  };
}
