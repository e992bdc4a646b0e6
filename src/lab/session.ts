/** The course of a ring in a terminal: it comes together, then what is typed is done, to the end. */
import { Failure } from "../protocol/model/failure.ts";
import { Actions } from "./actions.ts";
import { Input } from "./input.ts";
import { QUIET_AT_MOST_MS, QUIET_MS } from "./limits.ts";
import type { LiveView } from "./ring-live.ts";
import type { Screen } from "./screen.ts";
import { type Stop, Stopped } from "./stop.ts";
import type { TypedRing } from "./typed-ring.ts";
import { Typing } from "./typing.ts";
import type { Welcome } from "./welcome.ts";

/** Whether all checks held in time, and a sentence about that. */
export type Together = { readonly steady: boolean; readonly say: string };

export type RingSession = {
  readonly ring: TypedRing;
  /** Starts its peers, and waits until they are a ring. @throws Failure if they cannot be started */
  comeTogether(): Promise<Together>;
  /** Whether there is something to do in a ring that is none. */
  readonly goesOnUnsteady: boolean;
  /** What a person is told; null where nobody looks on who has to be told anything. */
  readonly welcome: Welcome | null;
  /** The folder whose files may be stored. */
  readonly cwd: string;
  /** What shows it, if not lines. */
  readonly live: LiveView | null;
  /** A line was typed, and is about to be done. @returns whether there is nothing more to do for it */
  heard(line: string): boolean;
  /** It has nobody who types; called when it stands. Null where somebody does. */
  readonly unattended: (() => void) | null;
};

/**
 * @param forMs how long to go on; null until the input or the user ends it
 * @returns the exit code: 0, or 1 if it did not come together
 */
export async function runSession(
  session: RingSession,
  forMs: number | null,
  screen: Screen,
  stop: Stop,
): Promise<number> {
  const { ring, comeTogether, goesOnUnsteady, unattended, welcome, cwd, live } = session;
  if (unattended !== null) return await runAlone(comeTogether, unattended, forMs, screen, stop);
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const typing = new Typing(ring, cwd);
  const input = new Input(screen, interactive ? typing : null, live, () => stop.wish("SIGINT"));
  try {
    for (const line of welcome?.first ?? []) screen.say(line);
    const { steady, say } = await stop.unless(comeTogether());
    if (steady) screen.say(say);
    else screen.complain(say);
    if (!steady && !goesOnUnsteady) return 1;
    for (const line of steady ? (welcome?.standing ?? []) : []) screen.say(line);
    input.prompt();
    const actions = new Actions(ring, screen, !interactive);
    await stop.unless(attend(session, input, actions, forMs, interactive));
    await stop.unless(quiet(screen));
    return steady ? 0 : 1;
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  } finally {
    input.close();
  }
}

async function runAlone(
  comeTogether: RingSession["comeTogether"],
  stands: () => void,
  forMs: number | null,
  screen: Screen,
  stop: Stop,
): Promise<number> {
  try {
    const { steady, say } = await stop.unless(comeTogether());
    // Whoever started it is to hear why it does not stand.
    if (!steady) throw new Failure(say);
    screen.say(say);
    stands();
    await stop.unless(forMs === null ? new Promise<never>(() => {}) : Bun.sleep(forMs));
    return 0;
  } catch (error) {
    if (error instanceof Stopped) return 0;
    throw error;
  }
}

/** Does what is typed, one after the other, to the end of the input or of the time. */
async function attend(
  session: RingSession,
  input: Input,
  actions: Actions,
  forMs: number | null,
  interactive: boolean,
): Promise<void> {
  const typed = perform(session, input, actions);
  if (forMs === null) {
    await typed;
    return;
  }
  const time = Bun.sleep(forMs).then(() => "time" as const);
  const first = await Promise.race([typed, time]);
  // Only a person who ends the input means to end the ring.
  if (first === "input's end" && !interactive) await time;
}

async function perform(
  { heard }: RingSession,
  input: Input,
  actions: Actions,
): Promise<"quit" | "input's end"> {
  for (;;) {
    const line = await input.next();
    if (line === null) return "input's end";
    if (heard(line)) continue;
    if (!(await actions.run(line))) return "quit";
  }
}

/** Other peers may still have something to say of the last command. */
async function quiet(screen: Screen): Promise<void> {
  const end = performance.now() + QUIET_AT_MOST_MS;
  while (performance.now() < end && performance.now() - screen.shownAt < QUIET_MS) {
    await Bun.sleep(QUIET_MS / 4);
  }
}
