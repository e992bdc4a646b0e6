/** How a ring is shown, live or as lines, and that all of it is recorded. */
import { epochNow } from "../control/types.ts";
import { isSaid, Timeline } from "../page/ring-timeline.ts";
import { say, shownLine } from "../terminal/shown.ts";
import { COPIES } from "./limits.ts";
import { Playback } from "./playback.ts";
import { RecordedScreen } from "./recorded-screen.ts";
import type { LiveView } from "./ring-live.ts";
import type { RingLog } from "./ring-log.ts";
import { RingRecorder, recordPath } from "./ring-recorder.ts";

export type ShowOptions = {
  readonly ids: readonly number[];
  readonly pingIntervalMs: number;
  readonly copies: number | null;
  readonly color: boolean;
  /** How many times slower than it happens; 1 for as it is. */
  readonly slow: number;
};

/** The one command of the show's own. */
const HELP = "explain          what the last event meant, in two sentences";

export class RingShow {
  readonly recorder: RingRecorder;
  readonly screen: RecordedScreen;
  /** Null where lines are printed. */
  live: LiveView | null = null;
  private readonly timeline = new Timeline();
  private readonly playback: Playback;
  private stood = false;

  /**
   * @param folder the ring's, where the log is kept
   * @param log where lines go instead of a terminal; null for there
   */
  constructor(
    private readonly folder: string,
    private readonly options: ShowOptions,
    log: RingLog | null,
  ) {
    this.recorder = new RingRecorder(folder);
    this.screen = new RecordedScreen(this.recorder, options.color, log);
    this.playback = new Playback(this.timeline, options.slow, true);
    // Nobody asks a ring without a terminal what something meant.
    if (log === null) this.recorder.listen((line) => this.timeline.add(line));
    const { ids, copies, pingIntervalMs: intervalMs } = options;
    const at = epochNow();
    this.recorder.write({ type: "ring", v: 1, at, ids, copies: copies ?? COPIES, intervalMs });
  }

  /** Takes the terminal, and shows a living picture there from now on. @param interrupt called for Ctrl-C */
  async goLive(interrupt: () => void): Promise<void> {
    // Nobody else is to pay for it.
    const { LiveView } = await import("./ring-live.ts");
    const { timeline, playback, screen } = this;
    const live = new LiveView({
      ...{ timeline, playback, color: this.options.color, isLive: true, interrupt },
      say: (text) => screen.say(text),
    });
    this.recorder.listen((line) => live.stale(isSaid(line)));
    screen.isCovered = true;
    live.open();
    this.live = live;
  }

  /** The ring stands: from here on it may be shown more slowly. */
  stands(): void {
    this.stood = true;
    this.recorder.stands();
    this.playback.stands(epochNow());
  }

  /** A line was typed. @returns whether it was for the show, and nobody else need look at it */
  heard(line: string): boolean {
    this.recorder.typed(line);
    if (line.trim().toLowerCase() === "help") this.screen.say(HELP);
    if (line.trim().toLowerCase() !== "explain") return false;
    this.explain();
    return true;
  }

  /** Gives the terminal back, and says where all of it can be seen again. */
  close(): void {
    const { live, screen, folder } = this;
    this.live = null;
    live?.close();
    screen.isCovered = false;
    this.recorder.close();
    if (live === null) return;
    const complaint = screen.lastComplaint;
    if (!this.stood && complaint !== "") say(complaint);
    const path = shownLine(recordPath(folder));
    console.log(`The ring has ended. To see it again: p2p ring replay ${path}`);
  }

  /** Of the last event that is shown, in two sentences. */
  private explain(): void {
    if (this.live !== null) {
      this.live.explain();
      return;
    }
    const { accounts } = this.timeline.momentAt(epochNow(), 1);
    this.screen.say(accounts.at(-1)?.meaning ?? "Nothing has happened yet.");
  }
}
