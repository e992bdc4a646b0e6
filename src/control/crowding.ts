/**
 * A control socket that no crowd closes. The runtime's server takes as many connections as come, and keeps one on
 * which nothing is asked for some ten seconds: a thousand of these can have every descriptor of this process. Where
 * none is left, a server that nobody knows yet takes over, behind a proxy that lets few in; the former one ends what
 * was asked of it, and loses in its own time whoever asks nothing. Once that is over, there is one without a proxy again.
 */
import { chmodSync, renameSync } from "node:fs";
import { removeQuietly } from "../store/durable.ts";
import { descriptorLimit, roomFor } from "../transport/descriptors.ts";
import { Reserve } from "../transport/reserve.ts";
import { CrowdProxy } from "./crowd-proxy.ts";
import { CROWD_GONE_MS, CROWDING_LOOK_MS, RESERVED_PER_CONNECTION } from "./limits.ts";

/** What of the runtime's server is needed here. */
export type Serving = { stop(closeActive: boolean): Promise<void> };

/**
 * Opens a socket, in place of what may be there, and keeps it open.
 * @param path at most `MAX_SOCKET_PATH_BYTES`
 * @param serve starts a server at a path, which may keep connections for the next request, or not: in a crowd these
 *   would be all that there may be
 * @returns ends it at once, and removes it; never rejects
 * @throws the system's error if the socket cannot be had
 */
export function keepOpen(
  path: string,
  serve: (path: string, keeps: boolean) => Serving,
): () => Promise<void> {
  const socket = new KeptOpen(path, serve, roomFor(descriptorLimit()).reserved);
  return () => socket.close();
}

class KeptOpen {
  readonly #path: string;
  readonly #serve: (path: string, keeps: boolean) => Serving;
  readonly #reserve: Reserve;
  readonly #most: number;
  readonly #timer: Timer;
  /** All that still have something to answer. */
  readonly #servers = new Set<Serving>();
  #newest: Serving;
  #proxy: CrowdProxy | null = null;
  #turns = 0;

  constructor(path: string, serve: (path: string, keeps: boolean) => Serving, reserved: number) {
    this.#path = path;
    this.#serve = serve;
    this.#reserve = new Reserve(reserved);
    this.#most = Math.max(1, Math.floor(reserved / RESERVED_PER_CONNECTION));
    this.#newest = this.#atPath((at) => this.#start(at, true));
    this.#reserve.take();
    this.#timer = setInterval(() => this.#look(), CROWDING_LOOK_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#reserve.release();
    this.#proxy?.close();
    removeQuietly(this.#path);
    await Promise.all([...this.#servers].map((server) => this.#stop(server, true)));
  }

  #look(): void {
    try {
      if (this.#proxy === null) {
        if (this.#reserve.isNeeded) this.#letFewIn();
      } else if (performance.now() - this.#proxy.turnedAwayAt > CROWD_GONE_MS) {
        if (this.#reserve.take()) this.#letAllIn(this.#proxy);
      }
    } catch {
      // Something more is wrong with this machine: it is tried again.
    }
  }

  #letFewIn(): void {
    this.#reserve.release();
    const former = this.#newest;
    const hidden = this.#nextPath();
    const server = opened(hidden, () => this.#start(hidden, false));
    try {
      this.#proxy = this.#atPath((at) => new CrowdProxy(at, hidden, this.#most));
      this.#newest = server;
      void this.#stop(former, false);
    } catch (error) {
      void this.#stop(server, true);
      throw error;
    }
  }

  #letAllIn(proxy: CrowdProxy): void {
    const former = this.#newest;
    this.#newest = this.#atPath((at) => this.#start(at, true));
    this.#proxy = null;
    proxy.close();
    void this.#stop(former, false);
  }

  #start(at: string, keeps: boolean): Serving {
    const server = this.#serve(at, keeps);
    this.#servers.add(server);
    return server;
  }

  /** @param closeActive false: once all that was asked of it has been answered */
  async #stop(server: Serving, closeActive: boolean): Promise<void> {
    await server.stop(closeActive).catch(() => {});
    this.#servers.delete(server);
  }

  /** Opens something beside the path, and puts it there: so there is always something, and never for others. */
  #atPath<Opened>(open: (at: string) => Opened): Opened {
    const beside = this.#nextPath();
    const result = opened(beside, () => open(beside));
    renameSync(beside, this.#path);
    return result;
  }

  /** What listens removes its own path at its end, which must not be another's by then. */
  #nextPath(): string {
    return `${this.#path}${this.#turns++ % 10}`;
  }
}

/** The socket is created with the mode that the mask leaves; nobody may call before `chmod`. */
function opened<Result>(path: string, open: () => Result): Result {
  removeQuietly(path);
  const mask = process.umask(0o177);
  try {
    const result = open();
    chmodSync(path, 0o600);
    return result;
  } finally {
    process.umask(mask);
  }
}
