/** One request at a peer's control socket, with a time limit, and its errors as sentences. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { PROCESS_FILE, readSmall } from "../store/process-file.ts";
import { controlPathToCall } from "./path.ts";
import type { ControlError, ControlErrorKind } from "./types.ts";

/** The peer is not there, or went away meanwhile, or does not answer. */
export class ControlClosed extends Failure {}

/** The peer answered that it would not, or could not. */
export class ControlRefused extends Failure {
  constructor(
    sentence: string,
    readonly kind: ControlErrorKind,
  ) {
    super(sentence);
  }
}

/** What a request may have besides its path. */
export type Call = {
  readonly method?: "POST" | "PUT" | "DELETE";
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives the request up early; its reason is what is thrown. */
  readonly signal?: AbortSignal;
};

/**
 * Asks a peer.
 * @param dir the peer's data folder
 * @param limitMs for the answer's head to come; its body has limits of its own
 * @throws ControlClosed, ControlRefused, or the signal's reason
 */
export async function call(
  dir: string,
  path: string,
  ask: Call,
  limitMs: number,
): Promise<Response> {
  const limit = new AbortController();
  const silent = new ControlClosed(
    `The peer in ${dir} does not answer: it may be frozen, or busy; try again, or restart it.`,
  );
  const timer = setTimeout(() => limit.abort(silent), limitMs);
  const signal =
    ask.signal === undefined ? limit.signal : AbortSignal.any([ask.signal, limit.signal]);
  try {
    const response = await askSocket(dir, path, ask, signal);
    if (response.ok) return response;
    const { error, kind } = (await response.json()) as ControlError;
    throw new ControlRefused(error, kind);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (signal.aborted) throw signal.reason;
    throw peerEnded(dir);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where the socket is another one by now, of the same process, it has let few in meanwhile, and closed what it had not
 * accepted: nothing of that was executed, and it is asked again, once.
 */
async function askSocket(
  dir: string,
  path: string,
  ask: Call,
  signal: AbortSignal,
): Promise<Response> {
  const unix = controlPathToCall(dir);
  const before = look(dir, unix);
  // Without its own time limit: an event stream may be silent for hours.
  // Nor is the connection kept: the next request may be to another process at the same path.
  const how = { unix, signal, timeout: false, keepalive: false } as const;
  const once = () => fetch(`http://control${path}`, { ...ask, ...how });
  try {
    return await once();
  } catch (error) {
    const now = look(dir, unix);
    const isAgain = now?.socket !== before?.socket && now?.process === before?.process;
    if (now === null || !isAgain || ask.body instanceof ReadableStream) throw error;
    return await once();
  }
}

/** Which socket there is, and which process says that it is its own; null if either is not there. */
function look(dir: string, unix: string): { socket: bigint; process: string } | null {
  try {
    const { ino } = lstatSync(unix, { bigint: true });
    return { socket: ino, process: readSmall(join(dir, PROCESS_FILE)) };
  } catch {
    return null;
  }
}

/** The connection failed, or broke. */
export function peerEnded(dir: string): ControlClosed {
  return new ControlClosed(
    `No peer answers in ${dir}: it has ended, or never started; start it, or choose another.`,
  );
}
