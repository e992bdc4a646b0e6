/** `p2p ring replay`: a ring's log shown again, as the ring was, slower or faster. */
import type { RingLine } from "../page/ring-lines.ts";
import { Timeline } from "../page/ring-timeline.ts";
import { Playback } from "./playback.ts";
import { readRingLog } from "./ring-line-reader.ts";
import { Screen } from "./screen.ts";
import { INTERRUPTED, Stop } from "./stop.ts";
import { hasRoomForPicture } from "./welcome.ts";

export type ReplayOptions = {
  readonly path: string;
  /** How many times slower than it was, less than 1 for faster; null for nobody's wish. */
  readonly slow: number | null;
  /** Lines, even at a terminal. */
  readonly plain: boolean;
  readonly color: boolean;
};

/** @returns the exit code @throws Failure (2) if it is no log of a ring */
export async function replayRing(options: ReplayOptions): Promise<number> {
  const lines = readRingLog(options.path);
  const stop = new Stop();
  try {
    if (!options.plain && hasRoomForPicture()) await watched(lines, options, stop);
    else await stop.unless(printed(lines, options));
    return stop.why === null || stop.why === ENOUGH ? 0 : INTERRUPTED;
  } catch (error) {
    return stop.codeAfter(error);
  } finally {
    stop.release();
  }
}

/** Why it ends, where somebody has seen enough. */
const ENOUGH = "q";

/** In the terminal, until somebody has seen enough. */
async function watched(
  lines: readonly RingLine[],
  { slow, color }: ReplayOptions,
  stop: Stop,
): Promise<void> {
  const { LiveView } = await import("./ring-live.ts");
  const timeline = new Timeline(Number.POSITIVE_INFINITY);
  for (const line of lines) timeline.add(line);
  const playback = new Playback(timeline, slow ?? 1, false);
  const view = new LiveView({
    ...{ timeline, playback, color, isLive: false },
    interrupt: () => stop.wish("SIGINT"),
    say: (text) => view.setSaid([text]),
  });
  view.input.on("data", (chunk: Buffer) => {
    // Ctrl-D and Ctrl-Z are keys like others here.
    if (["q", "\x04"].includes(chunk.toString())) stop.wish(ENOUGH);
    else if (chunk.toString() === "\x1a") view.suspend();
  });
  view.open();
  try {
    await stop.wished;
  } finally {
    view.close();
  }
}

/** What was typed and shown, line by line; in its time only where a playback is asked for. */
async function printed(lines: readonly RingLine[], { slow, color }: ReplayOptions): Promise<void> {
  const screen = new Screen(color);
  let last = lines[0]?.at ?? 0;
  for (const line of lines) {
    if (line.type !== "shown" && line.type !== "typed") continue;
    if (slow !== null) await Bun.sleep(Math.max(0, line.at - last) * slow);
    last = Math.max(last, line.at);
    if (line.type === "typed") screen.say(`> ${line.line}`);
    else if (line.peer === null) screen.say(line.text);
    else if (line.error) screen.note(line.peer, line.text);
    else screen.line(line.peer, line.text);
  }
}
