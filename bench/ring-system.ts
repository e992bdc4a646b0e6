/** A ring through the control sockets of all its peers, by turns: what a program on the machine uses. */
import { join } from "node:path";
import { controlPathToCall } from "../src/control/path.ts";
import type { Done } from "./client.ts";
import { HttpPool, httpRequest } from "./http.ts";
import { ATTEMPTS, PEERS } from "./limits.ts";
import { type Ring, startRing, stopRing } from "./ring.ts";
import { isValue, type System } from "./system.ts";

/** Ends all peers as a person would, so that they write what they write at their end. */
type RingSystem = System & { readonly end: () => Promise<void> };

/**
 * Starts a ring of so many.
 * @param founder the command line of its first peer, if that is another one
 */
export async function openRingSystem(
  program: readonly string[],
  dir: string,
  size: number = PEERS,
  founder: readonly string[] = program,
): Promise<RingSystem> {
  return systemOf(await startRing(program, dir, size, founder), `ring of ${size}`);
}

/** A ring that runs. @param name as the table calls it */
export function systemOf(ring: Ring, name: string): RingSystem {
  const pools = ring.peers.map(({ cwd }) => new HttpPool(controlPathToCall(join(cwd, "data"))));
  let retries = 0;
  /** As a program would: what a peer could not do for now is asked of the next one. */
  const ask = (number: number, request: Uint8Array, good: Good, done: Done, attempt = 1): void => {
    const pool = pools[number % pools.length];
    const answered = (status: number, body: Buffer): void => {
      if (status === 200) done(good(body) ? null : "what came is not what was put");
      else if (attempt === ATTEMPTS) done(`${status} ${body}`);
      else {
        retries++;
        ask(number + 1, request, good, done, attempt + 1);
      }
    };
    pool?.ask(request, answered, done);
  };
  return {
    name,
    pids: ring.pids,
    get retries() {
      return retries;
    },
    put: (number, name, value, done) => {
      const request = httpRequest("PUT", `/files/${name}`, value.bytes);
      ask(number, request, (body) => body.includes(value.sha256), done);
    },
    get: (number, name, value, done) =>
      ask(number, httpRequest("GET", `/files/${name}`), (body) => isValue(body, value), done),
    end: async () => {
      for (const pool of pools) pool.close();
      for (const { child } of ring.peers) child.kill("SIGTERM");
      await Promise.all(ring.peers.map(({ child }) => child.exited));
    },
    close: async () => {
      for (const pool of pools) pool.close();
      await stopRing(ring);
    },
  };
}

type Good = (body: Buffer) => boolean;
