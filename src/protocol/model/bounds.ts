/**
 * How far numbers that others tell may go: whatever is taken in can be counted on from, and be written again.
 */

/** A higher incarnation is nobody's: it is below what the wire can carry by as much as it is above zero. */
export const HIGHEST_INCARNATION = 2 ** 31;
/**
 * So far above what is known of a member its incarnation is believed from itself alone: a peer raises it by
 * one at each start and for each word of its death.
 */
export const INCARNATION_JUMP = 2 ** 16;

/** Nobody comes into a ring with a higher one: it has as much before it again. */
export const HIGHEST_TAKEN_IN = 2 ** 30;

/** A higher counter is of no write: half of what the wire could carry. */
export const HIGHEST_COUNTER = 2 ** 52;
/**
 * A counter so far above all that a peer has seen says nothing of names other than its own: 65,536 changes
 * of the view would have been missed.
 */
export const COUNTER_JUMP = 2 ** 36;

/** True of an incarnation that somebody known under one may have by now, as others say. */
export function isPlausible(known: number, said: number): boolean {
  return said <= Math.min(known + INCARNATION_JUMP, HIGHEST_INCARNATION - 1);
}
