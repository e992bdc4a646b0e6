/** A ring as its prompt handles it, whoever's peers they are. */
import { snapshotOf } from "../control/snapshot.ts";
import type { Status } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { count, displayTable } from "../terminal/display.ts";
import type { Signal } from "./child.ts";
import { firstBroken, HEAL_CHECKS, sayBroken } from "./judge.ts";
import { CALM_AT_MOST_MS, CALM_POLL_MS, TYPED_MS } from "./limits.ts";
import type { Network, NetworkPeer } from "./network.ts";

export type TypedRing = {
  /** What may be typed at a peer, for `help`. */
  readonly words: readonly string[];
  /** Everyone that was ever started, by id. */
  peers(): readonly NetworkPeer[];
  /** @throws Failure if no such peer runs */
  signal(id: number, signal: Signal): void;
  /** Starts a peer that joins; resolves when it is in. @throws Failure */
  start(id: number, known: number | null): Promise<unknown>;
  untilEnded(id: number, limitMs: number): Promise<unknown>;
  /**
   * Types a line at a peer that runs.
   * @param wait whether to go on only when what it asks for is over
   */
  type(id: number, line: string, wait: boolean): Promise<void>;
  /** What each peer knows, and which checks hold. @param wait for whether to give them time to hold */
  status(wait: boolean): Promise<readonly string[]>;
};

/** A ring of this program's own peers, asked at their control sockets. */
export function ownTypedRing(network: Network): TypedRing {
  return {
    words: ["Store", "Request", "Remove", "Where", "Quit"],
    peers: () => network.peers(),
    signal: (id, signal) => void network.signal(id, signal),
    start: (id, known) => network.start(id, known),
    untilEnded: (id, limitMs) => network.untilEnded(id, limitMs),
    type: (id, line, wait) => typeAt(network, id, line, wait),
    status: () => statusOf(network),
  };
}

async function typeAt(network: Network, id: number, line: string, wait: boolean): Promise<void> {
  const control = network.watch.control(id);
  if (control === undefined) throw new Failure(`Peer ${id} has ended: start it with start ${id}.`);
  const transfers = /^(store|request|remove|where)\s+\d{4}(\.conflict-[-\d]+)?$/i.test(line);
  const outcome = network.watch.event(
    id,
    (event) => event.event === "outcome" && !["owner", "listed"].includes(event.outcome.kind),
    transfers && wait ? TYPED_MS : 0,
  );
  await control.type(line);
  if (transfers) await Promise.race([outcome, network.untilEnded(id, TYPED_MS)]);
}

async function statusOf(network: Network): Promise<readonly string[]> {
  const living = network.living();
  const polled = await calmStatus(network, living);
  const rows = network.peers().map(({ id, pid, state }) => {
    const status = polled.get(id) ?? null;
    const said = state === "running" && status === null ? "silent" : state;
    const ids = (list: readonly number[] | undefined): string => list?.join(" ") || "-";
    const files = status === null ? "-" : String(status.files.count);
    const pids = state === "ended" ? "-" : String(pid);
    return [String(id), pids, ids(status?.successors), ids(status?.predecessors), files, said];
  });
  const header = ["peer", "pid", "successors", "predecessors", "files", "state"];
  const snapshots = [...polled.values()].flatMap((s) => (s === null ? [] : [snapshotOf(s)]));
  const broken = firstBroken(living, snapshots);
  const hold = `${HEAL_CHECKS.join(", ")} and R7 hold of ${count(living.length, "peer")}`;
  const last = broken === null ? hold : sayBroken(broken);
  return [...displayTable(header, rows), living.length === 0 ? "no peer is running" : last];
}

/** What the peers say; asked again for a moment while the last command's news is still on its way. */
async function calmStatus(
  network: Network,
  living: readonly number[],
): Promise<Map<number, Status | null>> {
  for (let tries = 0; ; tries++) {
    const polled = await network.watch.poll(living);
    const said = polled.flatMap(({ status }) => (status === null ? [] : [snapshotOf(status)]));
    if (firstBroken(living, said) === null || tries * CALM_POLL_MS >= CALM_AT_MOST_MS) {
      return new Map(polled.map(({ id, status }) => [id, status]));
    }
    await Bun.sleep(CALM_POLL_MS);
  }
}
