/** What a scenario has done to another program's peers, and which lines it wants for it. Pure. */
import { Failure } from "../protocol/model/failure.ts";
import { parseScenario, type Step } from "../sim/scenario-text.ts";
import { quote } from "../terminal/words.ts";
import { CRITERION_MS, DEATH_INTERVALS, DEATH_MS, PING_INTERVALS } from "./limits.ts";
import type { Wanted } from "./transcript.ts";

export type Deed =
  | { readonly kind: "calm" }
  | { readonly kind: "interval"; readonly ms: number }
  | { readonly kind: "ring" | "quit" | "restart"; readonly ids: Ids }
  | { readonly kind: "kill" | "freeze" | "thaw"; readonly ids: Ids }
  /** Joiners, each with the peer that it knows. */
  | { readonly kind: "join"; readonly pairs: readonly (readonly [id: number, known: number])[] }
  | { readonly kind: "file"; readonly name: string; readonly bytes: number }
  | { readonly kind: "type"; readonly id: number; readonly line: string };

type Ids = readonly number[];

/** A step of a scenario, and where it stands. */
export type PlannedStep = {
  readonly number: number;
  readonly action: string;
  readonly deed: Deed;
  /** Sentences on standard error are p2p's own, and asked of nobody else. */
  readonly wanted: readonly Wanted[];
};

/** More than any scenario; the program's disk has an end. */
const MOST_BYTES = 50_000_000;
const TYPED = /^(Quit|(Store|Request) \S+)$/i;

/**
 * @param path as it is called in sentences
 * @throws Failure (2) that names the first step that cannot be done to another program
 */
export function planScenario(text: string, path: string): PlannedStep[] {
  const steps = parseScenario(text).map((step): PlannedStep => {
    const deed = deedOf(step.action);
    if (deed === null) {
      throw new Failure(
        `${path}, line ${step.number}: ${quote(step.action)} cannot be done to another program; what can is ring, interval, file, calm, kill, quit, join, restart, freeze, thaw, and Store, Request or Quit typed at a peer.`,
        2,
      );
    }
    return { number: step.number, action: step.action, deed, wanted: wantedOf(step) };
  });
  const first = steps.find(({ deed }) => !["interval", "file"].includes(deed.kind));
  if (first?.deed.kind !== "ring") {
    throw new Failure(`${path} does not begin with a ring: its first line says ring and ids.`, 2);
  }
  if (steps.filter(({ deed }) => deed.kind === "ring").length > 1) {
    throw new Failure(`${path} has two rings, and a scenario has one.`, 2);
  }
  return steps;
}

/** @returns null for what a simulator alone can do, or nobody */
function deedOf(action: string): Deed | null {
  const [verb = "", ...words] = action.trim().split(/\s+/);
  const ids = words.filter((word) => /^\d{1,3}$/.test(word) && Number(word) < 256).map(Number);
  const others = words.filter((word) => !/^\d+$/.test(word)).join(" ");
  switch (verb) {
    case "calm":
      return words.length === 0 ? { kind: verb } : null;
    case "interval": {
      const ms = Number(words[0]) * 1_000;
      return ms > 0 ? { kind: verb, ms } : null;
    }
    case "ring":
    case "quit":
    case "kill":
    case "restart":
    case "freeze":
    case "thaw":
      return ids.length > 0 && ["", "together"].includes(others) ? { kind: verb, ids } : null;
    case "join": {
      const pairs = Array.from({ length: ids.length / 2 }, (_, at) => {
        return [ids[2 * at] ?? 0, ids[2 * at + 1] ?? 0] as const;
      });
      const isJoin = /^via( and via)*$/.test(others) && ids.length === 2 * pairs.length;
      return isJoin && pairs.length > 0 ? { kind: verb, pairs } : null;
    }
    case "file": {
      const [name = "", size = ""] = words;
      const bytes = Number(size);
      return /^\d{4}$/.test(name) && bytes <= MOST_BYTES ? { kind: verb, name, bytes } : null;
    }
    default: {
      const line = words.slice(1).join(" ");
      if (words[0] !== "types" || !/^\d{1,3}$/.test(verb) || !TYPED.test(line)) return null;
      return { kind: "type", id: Number(verb), line };
    }
  }
}

/** How long what a deed brings is waited for, in milliseconds, in a ring of that interval. */
export function limitOf({ kind }: Deed, intervalMs: number): number {
  if (["kill", "freeze", "restart", "calm"].includes(kind)) {
    return Math.max(DEATH_MS, DEATH_INTERVALS * intervalMs);
  }
  return Math.max(CRITERION_MS, CRITERION_MS / 4 + PING_INTERVALS * intervalMs);
}

function wantedOf({ expected }: Step): Wanted[] {
  return expected.flatMap((line) => {
    const [, id, mark, what = ""] = /^\s*(\d+)\s+(!?)\s*(.*)$/.exec(line) ?? [];
    return id === undefined || mark === "!" ? [] : [{ peer: Number(id), what }];
  });
}
