/** A ring's own control socket: HTTP on a Unix socket that only its user can open. */
import { chmodSync, unlinkSync } from "node:fs";
import { Failure } from "../protocol/model/failure.ts";
import { SIGNALS } from "./child.ts";
import type { Network, NetworkPeer } from "./network.ts";
import { ringPathToOpen } from "./ring-folder.ts";

/** The answer to `GET /status`. */
export type RingStatus = {
  readonly v: 1;
  readonly pid: number;
  readonly basePort: number;
  readonly peers: readonly NetworkPeer[];
};
/** The answer to `POST /kill {id, signal}`: when the signal was sent, in epoch milliseconds. */
export type RingKilled = { readonly at: number };
/** The answer to `POST /start {id}`, once the peer is in: through whom it joined. */
export type RingStarted = { readonly through: number };
/** The body of every answer that is an error. */
export type RingError = { readonly error: string };

export type RingControl = { close(): void };

/**
 * Opens the control socket of a ring's folder.
 * @param stop called when `POST /stop` came in
 * @throws Failure if the socket cannot be had
 */
export function serveRing(
  dir: string,
  basePort: number,
  network: Network,
  stop: () => void,
): RingControl {
  const path = ringPathToOpen(dir);
  removeQuietly(path);
  const answer = async (request: Request): Promise<Response> => {
    try {
      return Response.json(await answerOf(request, basePort, network, stop));
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      return Response.json({ error: sentence } satisfies RingError, { status: 400 });
    }
  };
  const server = listen(path, answer);
  return {
    close: () => {
      void server.stop(true);
      removeQuietly(path);
    },
  };
}

function listen(
  path: string,
  answer: (request: Request) => Promise<Response>,
): Bun.Server<undefined> {
  // The socket is created with the mode that the mask leaves; nobody may call before `chmod`.
  const mask = process.umask(0o177);
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: 4096,
      fetch: (request, server) => {
        // A start may take as long as a join.
        server.timeout(request, 0);
        return answer(request);
      },
    });
    chmodSync(path, 0o600);
    return server;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`The ring's control socket ${path} could not be opened: ${why}.`);
  } finally {
    process.umask(mask);
  }
}

async function answerOf(
  request: Request,
  basePort: number,
  network: Network,
  stop: () => void,
): Promise<RingStatus | RingKilled | RingStarted | { ok: true }> {
  switch (`${request.method} ${new URL(request.url).pathname}`) {
    case "GET /status":
      return { v: 1, pid: process.pid, basePort, peers: network.peers() };
    case "POST /kill": {
      const { id, signal } = await bodyOf(request);
      const known = SIGNALS.find((name) => name === (signal ?? "SIGKILL"));
      if (known === undefined)
        throw new Failure(`The signal must be one of ${SIGNALS.join(", ")}.`);
      return { at: network.signal(idOf(id), known) };
    }
    case "POST /lose-disk":
      await network.loseDisk(idOf((await bodyOf(request)).id));
      return { ok: true };
    case "POST /start":
      return { through: await network.start(idOf((await bodyOf(request)).id)) };
    case "POST /stop":
      // The answer goes out first.
      setImmediate(stop);
      return { ok: true };
    default:
      throw new Failure("There is nothing of this name at a ring's control socket.");
  }
}

async function bodyOf(request: Request): Promise<{ id?: unknown; signal?: unknown }> {
  const body: unknown = await request.json().catch(() => null);
  if (typeof body !== "object" || body === null) throw new Failure("The body must be JSON.");
  return body;
}

function idOf(id: unknown): number {
  if (typeof id === "number" && Number.isSafeInteger(id) && id >= 0 && id < 256) return id;
  throw new Failure("The id must be a whole number from 0 to 255.");
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}
