/**
 * Seeds played by several processes, since one process uses one core. Each hand of the crew is this very
 * program, which plays the shares that it is given over the channel between the two. What comes of them
 * is summed up in the order of the seeds: the result is that of one process.
 */
import { Failure } from "../protocol/model/failure.ts";
import { DRAWING, HARD } from "./drawing.ts";
import {
  KEPT_FAILURES,
  playSeeds,
  type RunsResult,
  type SeedsPlayed,
  sumUp,
} from "./simulated-runs.ts";

export type CrewOptions = {
  readonly first: number;
  readonly count: number;
  readonly twice: boolean;
  readonly hard: boolean;
  /** How many processes. */
  readonly hands: number;
  /** The command that starts this program. */
  readonly program: readonly string[];
  readonly progress: (done: number) => void;
};

/** What one hand plays at a time. */
type Share = Pick<CrewOptions, "first" | "count" | "twice" | "hard">;

/** Few enough that all hands end at about the same time. */
const SHARE_SEEDS = 10;

/** Set in the environment of a hand. */
const HAND = "P2P_SIM_HAND";

/**
 * A hand hears nothing while it plays, for minutes at times. So another thread of it waits for the end of its standard
 * input, which is that of the one who started it, however that one ends.
 */
const ENDS_WITH_STARTER = `
  try { require("node:fs").readSync(0, new Uint8Array(1)); } catch {}
  process.kill(process.pid, "SIGKILL");
`;

/** True in a process that was started as a hand, by one that listens. */
export function isHand(): boolean {
  return process.env[HAND] === "1" && process.send !== undefined;
}

/** What a hand does until the one who started it goes. */
export function serveAsHand(): Promise<number> {
  const watch = new Worker(URL.createObjectURL(new Blob([ENDS_WITH_STARTER])));
  watch.unref();
  return new Promise((done) => {
    process.on("message", (share: Share) => process.send?.(playShare(share)));
    process.on("disconnect", () => done(0));
    process.send?.("ready");
  });
}

/** Plays the seeds. Begins nothing new when enough of them have failed. @throws Failure if a hand ends early */
export async function runCrew(options: CrewOptions): Promise<RunsResult> {
  const { first, count, twice, hard, hands, program, progress } = options;
  const began = performance.now();
  const shares: Share[] = [];
  for (let from = first; from < first + count; from += SHARE_SEEDS) {
    shares.push({ first: from, count: Math.min(SHARE_SEEDS, first + count - from), twice, hard });
  }
  const played: SeedsPlayed[] = [];
  const failed = () => played.reduce((sum, part) => sum + (part?.failures.length ?? 0), 0);
  let next = 0;
  const take = () => {
    if (next >= shares.length || failed() >= KEPT_FAILURES) return null;
    const index = next++;
    const share = shares[index];
    return share === undefined ? null : { index, share };
  };
  const done = (index: number, part: SeedsPlayed) => {
    played[index] = part;
    progress(played.reduce((sum, p) => sum + (p?.fingerprints.length ?? 0), 0));
  };
  const ends = Array.from({ length: Math.min(hands, shares.length) }, () =>
    startHand(program, take, done),
  );
  try {
    await Promise.all(ends.map(({ ended }) => ended));
  } finally {
    // Where one has ended early the others are amid their shares.
    for (const { kill } of ends) kill();
  }
  return sumUp(upToFailures(played), performance.now() - began);
}

/** Starts one process, which lasts as long as there is something to play. */
function startHand(
  program: readonly string[],
  take: () => { readonly index: number; readonly share: Share } | null,
  done: (index: number, part: SeedsPlayed) => void,
): { readonly ended: Promise<void>; kill(): void } {
  let at: { readonly index: number; readonly share: Share } | null = null;
  const hand = Bun.spawn([...program, "sim"], {
    env: { ...process.env, [HAND]: "1" },
    stdio: ["pipe", "ignore", "inherit"],
    serialization: "json",
    ipc(message: "ready" | SeedsPlayed) {
      if (message !== "ready" && at !== null) done(at.index, message);
      at = take();
      if (at === null) hand.disconnect();
      else hand.send(at.share);
    },
  });
  const ended = hand.exited.then((code) => {
    if (at === null) return;
    const { first, count } = at.share;
    const seeds = `seeds ${first} to ${first + count - 1}`;
    throw new Failure(`The process that played ${seeds} ended with code ${code}.`);
  });
  return { ended, kill: () => hand.kill() };
}

function playShare({ first, count, twice, hard }: Share): SeedsPlayed {
  return playSeeds({ first, count, twice, drawing: hard ? HARD : DRAWING });
}

/** What one process would have played before it stopped. */
function upToFailures(played: readonly SeedsPlayed[]): SeedsPlayed[] {
  const kept: SeedsPlayed[] = [];
  let failures = 0;
  for (const part of played) {
    if (part === undefined || failures >= KEPT_FAILURES) break;
    kept.push(part);
    failures += part.failures.length;
  }
  return kept;
}
