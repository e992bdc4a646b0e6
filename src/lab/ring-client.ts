/** A typed client of a ring's own control socket. */
import type { LabFaults } from "../control/lab.ts";
import { inTime } from "../control/waiting.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Signal } from "./child.ts";
import { RING_ASK_MS, RING_START_MS } from "./limits.ts";
import type { RingError, RingKilled, RingStarted, RingStatus } from "./ring-control.ts";
import { ringPathToCall } from "./ring-folder.ts";

/** All of it rejects with a Failure of one sentence. */
export type RingClient = {
  status(): Promise<RingStatus>;
  /** @param forMs a freeze ends by itself after so long, whatever becomes of who asked for it */
  kill(id: number, signal: Signal, forMs?: number): Promise<RingKilled>;
  /** Removes the data folder of a peer that was killed. */
  loseDisk(id: number): Promise<unknown>;
  /** Resolves when the peer is in the ring again. @param how through whom, and with what faults on */
  start(id: number, how?: StartHow): Promise<RingStarted>;
  stop(): Promise<unknown>;
};

/** How a peer is started: through whom, and with what faults on from its start; null or left out for none. */
export type StartHow = {
  readonly known?: number | null;
  readonly faults?: LabFaults | null;
};

/** @param dir the ring's folder */
export function askRing(dir: string): RingClient {
  return {
    status: () => ask<RingStatus>(dir, "/status", null, RING_ASK_MS),
    kill: (id, signal, forMs) => ask<RingKilled>(dir, "/kill", { id, signal, forMs }, RING_ASK_MS),
    loseDisk: (id) => ask<unknown>(dir, "/lose-disk", { id }, RING_START_MS),
    start: (id, how = {}) => ask<RingStarted>(dir, "/start", { id, ...how }, RING_START_MS),
    stop: () => ask<unknown>(dir, "/stop", {}, RING_ASK_MS),
  };
}

/** What a ring's control socket says is of this very program's making, so its form is trusted. */
async function ask<T>(dir: string, path: string, body: object | null, limitMs: number): Promise<T> {
  const unix = ringPathToCall(dir);
  const what = body === null ? {} : { method: "POST", body: JSON.stringify(body) };
  const answered = fetch(`http://ring${path}`, { ...what, unix, timeout: false }).then(
    async (response) => ({ ok: response.ok, said: (await response.json()) as T | RingError }),
    () => {
      throw new Failure(`The ring in ${dir} does not answer: it has ended.`);
    },
  );
  const late = (): Failure => new Failure(`The ring in ${dir} did not answer in time: try again.`);
  const { ok, said } = await inTime(answered, limitMs, late);
  if (!ok) throw new Failure((said as RingError).error);
  return said as T;
}
