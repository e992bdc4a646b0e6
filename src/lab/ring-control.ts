/** A ring's own control socket: HTTP on a Unix socket that only its user can open. */
import { parseLabFaults } from "../control/lab.ts";
import { listen, type Routes } from "../control/listen.ts";
import { Failure } from "../protocol/model/failure.ts";
import { SIGNALS } from "./child.ts";
import type { Network, NetworkPeer } from "./network.ts";
import { ringPathToOpen } from "./ring-folder.ts";

/** The answer to `GET /status`. */
export type RingStatus = {
  readonly v: 1;
  readonly pid: number;
  readonly basePort: number;
  /** With it the peers take faults. */
  readonly labToken: string;
  readonly peers: readonly NetworkPeer[];
};
/** The answer to `POST /kill {id, signal, forMs}`, a freeze lasting so long at most: when the signal was sent, in epoch milliseconds. */
export type RingKilled = { readonly at: number };
/** The answer to `POST /start {id, known, faults}`, once the peer is in: through whom it joined. */
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
  const close = listen(ringPathToOpen(dir), "The ring's control socket", {
    routes: routesOf(basePort, network, stop),
    otherwise: () => refuse("There is nothing of this name at a ring's control socket."),
    busy: () => refuse("Too much is asked of this ring at a time: try again soon."),
    malformed: () => refuse("The Host header of a request must be a host."),
    failed: (error) => refuse(error instanceof Error ? error.message : String(error)),
    maxBodyBytes: 65_536,
  });
  return { close: () => void close() };
}

function refuse(error: string): Response {
  return Response.json({ error } satisfies RingError, { status: 400 });
}

function routesOf(basePort: number, network: Network, stop: () => void): Routes {
  const kill = async (request: Request): Promise<RingKilled> => {
    const { id, signal, forMs } = await bodyOf(request);
    const known = SIGNALS.find((name) => name === (signal ?? "SIGKILL"));
    if (known === undefined) throw new Failure(`The signal must be one of ${SIGNALS.join(", ")}.`);
    const at = network.signal(idOf(id), known);
    if (known === "SIGSTOP" && typeof forMs === "number") thawLater(network, idOf(id), forMs);
    return { at };
  };
  const start = async (request: Request): Promise<RingStarted> => {
    const { id, known, faults } = await bodyOf(request);
    const through = known === undefined || known === null ? null : idOf(known);
    return { through: await network.start(idOf(id), through, parseLabFaults(faults)) };
  };
  return {
    "/status": {
      GET: () => {
        const { labToken } = network;
        const peers = network.peers();
        const status: RingStatus = { v: 1, pid: process.pid, basePort, labToken, peers };
        return Response.json(status);
      },
    },
    "/kill": { POST: async (request) => Response.json(await kill(request)) },
    "/start": { POST: async (request) => Response.json(await start(request)) },
    "/lose-disk": {
      POST: async (request) => {
        await network.loseDisk(idOf((await bodyOf(request)).id));
        return Response.json({ ok: true });
      },
    },
    "/stop": {
      POST: () => {
        // The answer goes out first.
        setImmediate(stop);
        return Response.json({ ok: true });
      },
    },
  };
}

/** Whoever froze it may be gone by then. */
function thawLater(network: Network, id: number, ms: number): void {
  setTimeout(() => {
    const isFrozen = network.peers().some((peer) => peer.id === id && peer.state === "frozen");
    if (isFrozen) network.signal(id, "SIGCONT");
  }, ms).unref();
}

type Body = Partial<Record<"id" | "signal" | "forMs" | "known" | "faults", unknown>>;

async function bodyOf(request: Request): Promise<Body> {
  const body: unknown = await request.json().catch(() => null);
  if (typeof body !== "object" || body === null) throw new Failure("The body must be JSON.");
  return body;
}

function idOf(id: unknown): number {
  if (typeof id === "number" && Number.isSafeInteger(id) && id >= 0 && id < 256) return id;
  throw new Failure("The id must be a whole number from 0 to 255.");
}
