/** Who ran, who was frozen and who could send to whom, at which times: what a history is judged by. */
import type { Situation } from "../checks/history.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Where a peer moves, the streams that it had stay silent so long before they are given up. */
const MOVED_MS = 14_000;
/** A link that breaks and refuses is a cut, as short as there can be; who was frozen sees it when it thaws. */
const REFUSED_MS = 1;

/** Two whose link refuses; until when is known once neither is frozen. */
type Refused = { readonly one: Host; readonly other: Host; until: number | null };

export class Timeline {
  readonly situations: Situation[] = [];
  #last = "";
  #refused: Refused[] = [];

  constructor(private readonly world: World) {
    world.readers.push((_, event) => {
      if (event.event === "joined") this.note();
    });
    world.refusals.push((one, other) => {
      this.#refused.push({ one, other, until: null });
      this.note();
    });
    // The one that ends still runs when this is told; it is looked at right after.
    world.endings.push(() => world.queue.plan(world.now, () => this.note()));
  }

  /** Takes down how things stand, if they have changed. */
  note(): void {
    const { world } = this;
    const there = world
      .living()
      .filter((h) => h.peer?.phase === "in" || h.peer?.phase === "leaving");
    const running = [...new Set(there.map((h) => h.id))];
    const frozen = [...new Set(there.filter((h) => h.frozen).map((h) => h.id))];
    const moved = there.filter((h) => world.now < h.movedAt + MOVED_MS);
    for (const { movedAt } of moved) {
      if (movedAt === world.now) world.queue.plan(movedAt + MOVED_MS, () => this.note());
    }
    this.#endRefusals();
    const calm = world.network.calm && this.#refused.length === 0;
    const severed = calm ? [] : severedPairs(world, there, this.#refused);
    const doubled = running.filter((id) => there.filter((h) => h.id === id).length > 1);
    const situation = { running, frozen, severed, moved: moved.map((h) => h.id), doubled };
    const last = JSON.stringify(situation);
    if (last === this.#last) return;
    this.#last = last;
    this.situations.push({ from: world.now, ...situation });
  }

  /** Drops the refusals that are over, and looks again when the others will be. */
  #endRefusals(): void {
    const { world } = this;
    for (const refused of this.#refused) {
      if (refused.until !== null || refused.one.frozen || refused.other.frozen) continue;
      refused.until = world.now + REFUSED_MS;
      world.queue.plan(refused.until, () => this.note());
    }
    this.#refused = this.#refused.filter(({ until }) => until === null || world.now < until);
  }
}

function isOf({ one, other }: Refused, host: Host): boolean {
  return host === one || host === other;
}

function severedPairs(
  { network }: World,
  hosts: readonly Host[],
  refused: readonly Refused[],
): [number, number][] {
  const pairs = new Map<string, [number, number]>();
  for (const from of hosts) {
    for (const to of hosts) {
      const refuses = refused.some((r) => isOf(r, from) && isOf(r, to));
      if (from === to || (!refuses && network.carries(from.address, to.address))) continue;
      // Of two processes with one id either counts: what cannot be told is not asked for.
      pairs.set(`${from.id} ${to.id}`, [from.id, to.id]);
    }
  }
  return [...pairs.values()];
}
