/** Whoever puts the ring under load while it is broken: drawn clients, those of a file, or a program of one's own. */
import type { Operation } from "../checks/history.ts";
import { Failure } from "../protocol/model/failure.ts";
import { count, displayList } from "../terminal/display.ts";
import type { ClientRing } from "./asker.ts";
import { Clients, type Load } from "./clients.ts";
import { drawFiles } from "./corpus.ts";
import { ExecClient } from "./exec-client.ts";
import { namesIn } from "./files.ts";
import type { LabRing } from "./lab-ring.ts";
import { CLIENT_NAMES } from "./limits.ts";
import { drawnOrders, type Orders } from "./orders.ts";

export type LoadOptions = {
  /** How many clients, where they are drawn. */
  readonly load: number;
  /** What they ask instead; null where it is drawn. */
  readonly workload: Orders | null;
  /** The words of a program that asks instead; null for none. */
  readonly execClient: readonly string[] | null;
};

/** So that the clients' names are not the files' again. */
const CLIENTS_SALT = 0x9e3779b9;

/**
 * @param reachable those that may be asked
 * @param tell is given each operation when it has ended
 * @throws Failure if names of the workload are taken, or the ring's cannot be listed
 */
export async function callClients(
  { load, workload, execClient }: LoadOptions,
  ring: LabRing,
  reachable: ClientRing,
  ids: readonly number[],
  seed: number,
  tell: (operation: Operation) => void,
): Promise<Load> {
  const taken = await namesIn(ring.watch, ids);
  if (workload !== null) {
    refuseTaken(workload.names, taken);
    return new Clients(reachable, workload, seed, tell);
  }
  const drawn = drawFiles(seed ^ CLIENTS_SALT, taken, { count: CLIENT_NAMES });
  const names = drawn.map(({ name }) => name);
  if (execClient === null) return new Clients(reachable, drawnOrders(names, load), seed, tell);
  const surroundings = () => ({
    names,
    peers: ids.map((id) => ({ id, data: ring.dirOf(id) })),
  });
  return new ExecClient(execClient, reachable, surroundings, seed, tell);
}

/** What they stand for is known only of names that nobody has used. */
function refuseTaken(names: readonly string[], taken: ReadonlySet<string>): void {
  const there = names.filter((name) => taken.has(name));
  if (there.length === 0) return;
  const shown = displayList(there.slice(0, 10));
  throw new Failure(
    `The ring has ${count(there.length, "name")} of the workload already: ${shown}; give others.`,
  );
}
