/** The kinds of faults that real networks and machines have, by name. */

export const HARD_KINDS = [
  "cut-held",
  "cut-owner",
  "cut-pair",
  "cut-and-kill",
  "cut-udp",
  "cut-udp-one-way",
  "cut-tcp",
  "cut-tcp-one-way",
  "flap",
  "freeze-briefly",
  "freeze-owner",
  "kill-owner",
  "restart-owner",
  "join-owner",
  "refuse-owner",
  "wake-together",
  "start-together",
  "leave-holders",
  "reset",
  "reset-owner",
  "refuse-both",
  "move",
  "move-anew",
  "second-address",
  "change-content",
  "many-origins",
  "slow-disk",
  "age",
] as const;
export type HardKind = (typeof HARD_KINDS)[number];

export function isHardKind(kind: string): kind is HardKind {
  return HARD_KINDS.some((k) => k === kind);
}
