/** The one list of what can be fuzzed. */
import { knownOf } from "./found.ts";
import { openLies } from "./lies.ts";
import type { Target } from "./target.ts";
import { openWire } from "./wire.ts";

export const TARGETS: Readonly<Record<string, () => Target | Promise<Target>>> = {
  wire: () => openWire(knownOf("wire")),
  lies: () => openLies(),
};

/** What is known not to hold yet, and not played where no target is named. */
export const OPEN_TARGETS: typeof TARGETS = {
  "free-lies": () => openLies(true),
};
