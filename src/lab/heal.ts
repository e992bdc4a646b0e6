/** Waits until a fault has healed: by what is seen, and in the end by every peer's own word. */
import { epochNow } from "../control/types.ts";
import type { Fault } from "./fault.ts";
import { type Broken, firstBroken, healChecks } from "./judge.ts";
import { HOLD_MS, LATE_EVENTS_MS, POLL_MS } from "./limits.ts";
import type { RingView } from "./ring-view.ts";

/** How it ended: the time from the fault, in milliseconds, or the check that did not come to hold. */
export type Healed =
  | { readonly ok: true; readonly healMs: number }
  | { readonly ok: false; readonly broken: Broken };

/**
 * @param ids the living
 * @param limitMs from the fault
 * @param giveUp ends the wait early with what is wrong, if anything is
 * @param holdMs for how long the checks must hold without a break
 */
export async function untilHealed(
  watch: RingView,
  fault: Fault,
  ids: readonly number[],
  limitMs: number,
  giveUp: () => Broken | null = () => null,
  holdMs = HOLD_MS,
): Promise<Healed> {
  let polledAt = epochNow();
  const checks = healChecks(watch.tells);
  for (;;) {
    const version = watch.version;
    const { since, broken } = fault.health();
    const now = epochNow();
    const heldMs = since === null ? 0 : now - since;
    if (since !== null && heldMs >= holdMs + LATE_EVENTS_MS) {
      const wrong = firstBroken(ids, await watch.ask(ids), checks, watch.silence);
      if (wrong === null && fault.health().since === since) {
        return { ok: true, healMs: since - fault.at };
      }
      // Their answers are among what was seen: it is judged anew.
    }
    const hopeless = giveUp();
    if (hopeless !== null) return { ok: false, broken: hopeless };
    const silent = firstBroken(ids, watch.snapshots(ids), checks, watch.silence) ?? broken;
    if (now - fault.at > limitMs) {
      return {
        ok: false,
        broken: silent ?? { check: "R4", peers: [], why: "the views never agreed" },
      };
    }
    if (now - polledAt > POLL_MS) {
      await watch.ask(ids);
      polledAt = epochNow();
    }
    const wait = since === null ? POLL_MS : Math.max(1, holdMs + LATE_EVENTS_MS - heldMs);
    await watch.changed(version, Math.min(wait, POLL_MS));
  }
}
