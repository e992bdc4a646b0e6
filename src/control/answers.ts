/** Answers at the control socket that say no, or that a store or a removal is not confirmed. */
import type { Outcome } from "../protocol/model/events.ts";
import { type Known, nobodyHolds } from "../protocol/model/sentences.ts";
import { MAX_REQUIRED } from "./limits.ts";
import { showOutcome } from "./shown.ts";
import type { ControlError, ControlErrorKind } from "./types.ts";

/** How many copies have to be durable: 0 for a majority, which is also where nothing is said; null if that is wrong. */
export function requiredIn(query: URLSearchParams): number | null {
  const text = query.get("require") ?? "0";
  const require = /^\d{1,3}$/.test(text) ? Number(text) : MAX_REQUIRED + 1;
  return require > MAX_REQUIRED ? null : require;
}

export const WRONG_REQUIRE = `The copies to require must be a whole number from 1 to ${MAX_REQUIRED}.`;

/** What came of a store or a removal. One that failed was refused, or may still take effect. */
export function writeAnswer(outcome: Outcome): Response {
  if (outcome.kind !== "failed") return Response.json(showOutcome(outcome));
  const { why, maybe } = outcome;
  return maybe
    ? refuse(504, "unconfirmed", why, { maybe })
    : refuse(409, "refused", why, { maybe });
}

export function refusePath(path: string): Response {
  return refuse(400, "bad-request", `The path "${path}" must be an absolute one.`);
}

/** @param members all that the peer knows: those that are missing may have what nobody here has */
export function refuseOutcome(name: string, outcome: Outcome, members: readonly Known[]): Response {
  if (outcome.kind === "failed") return refuse(502, "failed", outcome.why);
  if (outcome.kind !== "missing")
    return refuse(502, "failed", `${name} could not be had: try again.`);
  return refuse(404, "not-found", nobodyHolds(name, outcome.owner, members, "store it first"));
}

/** An answer that is an error. */
export function refuse(
  status: number,
  kind: ControlErrorKind,
  error: string,
  more: Pick<ControlError, "maybe"> = {},
): Response {
  return Response.json({ error, kind, ...more } satisfies ControlError, { status });
}
