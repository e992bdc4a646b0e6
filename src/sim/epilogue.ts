/**
 * What befalls a ring that has come to calm: one thing alone, as it befalls people. Amid many faults at
 * once nobody can say whose silence was taken for a death, or why an answer took long; here nothing else
 * is wrong, so all must be well within seconds (`epilogue-player.ts`).
 */
import { NUMBERED_BITS } from "../protocol/model/config.ts";
import { RandomGenerator } from "./random-generator.ts";

export const EPILOGUE_KINDS = [
  "isolated",
  "halves",
  "no-udp",
  "no-udp-at-all",
  "refusals",
  "moved",
  "restarted",
  "emptied",
  "founder",
  "conflict",
] as const;
export type Epilogue = {
  readonly kind: (typeof EPILOGUE_KINDS)[number];
  /** How long it lasts, in virtual milliseconds. */
  readonly holdMs: number;
};

/** Cuts shorter than a verdict, and so long that the kernels' waits have grown. */
const HOLDS_MS = [8_000, 27_000, 40_000] as const;
/** Draws what a plan ends with, apart from all else that its seed draws. */
export function drawEpilogue(seed: number, bits: number): Epilogue {
  const generator = new RandomGenerator(seed ^ 0xe9170);
  for (let i = 0; i < 20; i++) generator.bits();
  // Names of any length, and a founder that comes back, are of drawn rings.
  const all = EPILOGUE_KINDS.filter((kind) => bits > NUMBERED_BITS || !isOfDrawn(kind));
  return { kind: generator.pick(all), holdMs: generator.pick(HOLDS_MS) };
}

function isOfDrawn(kind: Epilogue["kind"]): boolean {
  return kind === "founder" || kind === "conflict";
}

/** As it stands below a plan that is written down. */
export function epilogueInWords({ kind, holdMs }: Epilogue): string {
  return `${kind} for ${holdMs / 1_000} s`;
}
