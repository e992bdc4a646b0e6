/**
 * The live view of a ring in a terminal: paints the moment that is shown, again where something has changed, and takes
 * the keys that go to and fro in it. All other keys are for whoever reads lines: what they come to, it shows as well.
 */
import { PassThrough, Writable } from "node:stream";
import { epochNow } from "../control/types.ts";
import { frameOf, MOST_ACCOUNTS, type Prompt } from "../page/frame.ts";
import type { Timeline } from "../page/ring-timeline.ts";
import { Painter } from "../terminal/painter.ts";
import { colored } from "./frame-colors.ts";
import { FRAME_MS, START_FRAME_MS } from "./limits.ts";
import type { Playback } from "./playback.ts";

/** What a key of the view is as bytes: of a terminal in its usual mode, and in that of an application. */
const KEYS: Readonly<Record<string, Key>> = {
  " ": "toggle",
  "?": "explain",
  "\x1b[C": "forward",
  "\x1bOC": "forward",
  "\x1b[D": "back",
  "\x1bOD": "back",
  "\x1b[H": "begin",
  "\x1bOH": "begin",
  "\x1b[1~": "begin",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
};

const CTRL_C = "\x03";

type Key = "toggle" | "explain" | "forward" | "back" | "begin" | "end";

export type LiveViewOptions = {
  readonly timeline: Timeline;
  readonly playback: Playback;
  readonly color: boolean;
  /** Whether there is a present, in which what is typed is answered; else a recorded ring is shown. */
  readonly isLive: boolean;
  /** Ctrl-C, also before anybody reads lines, and after. */
  interrupt(): void;
  /** Says something: what an event meant, or what Tab could make of a word. */
  say(text: string): void;
};

export class LiveView {
  /** What is typed, without the keys of the view. */
  readonly input = new PassThrough();
  /** What a reader of lines would write to the terminal: it has none of its own. */
  readonly output = new Writable({ write: (_chunk, _encoding, done) => done() });
  private readonly painter = new Painter();
  private prompt: (() => Prompt) | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private passedAt = performance.now();
  private isStale = true;
  private said: readonly string[] | null = null;
  private second = -1;
  private stands = false;
  private paintedAt = 0;
  private readonly onData = (chunk: Buffer): void => this.take(chunk);
  private readonly onEnd = (): void => void this.input.end();
  private readonly onResize = (): void => {
    this.painter.reset();
    this.paint();
  };

  constructor(private readonly options: LiveViewOptions) {}

  /** Takes the terminal, and paints from here on. */
  open(): void {
    this.painter.enter();
    process.stdin.on("data", this.onData).on("end", this.onEnd).on("error", this.onEnd);
    process.stdout.on("resize", this.onResize);
    this.timer = setInterval(() => this.tick(), FRAME_MS);
    this.paint();
  }

  /** @param prompt what is typed just now; null for nothing that can be */
  follow(prompt: (() => Prompt) | null): void {
    this.prompt = prompt;
    this.stale();
  }

  /** Says what the last event that is shown meant, in two sentences. */
  explain(): void {
    const { timeline, playback, say } = this.options;
    const { accounts } = timeline.momentAt(Math.min(playback.at, epochNow()), 1);
    say(accounts.at(-1)?.meaning ?? "Nothing has happened yet.");
  }

  /** @param said what is shown of a moment beside it, from now on; null for what was said then */
  setSaid(said: readonly string[] | null): void {
    this.said = said;
    this.stale();
  }

  /** Something has changed, and is to be seen soon. @param isSaid whether it is something that was said */
  stale(isSaid = false): void {
    this.isStale = true;
    if (isSaid) this.said = null;
  }

  /** What Tab could make of the beginning of a word, where that is not plain. */
  offer(words: readonly string[]): void {
    if (words.length > 1) this.options.say(words.map((word) => word.trim()).join("  "));
  }

  /** Ctrl-Z: the shell has the terminal until it says to go on. */
  suspend(): void {
    this.painter.leave();
    process.once("SIGCONT", () => {
      this.painter.enter();
      this.onResize();
    });
    process.kill(process.pid, "SIGTSTP");
  }

  /** Gives the terminal back. */
  close(): void {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    process.stdin.off("data", this.onData).off("end", this.onEnd).off("error", this.onEnd);
    process.stdin.pause();
    process.stdout.off("resize", this.onResize);
    this.painter.close();
  }

  private tick(): void {
    const { playback } = this.options;
    const before = playback.at;
    const now = performance.now();
    playback.pass(now - this.passedAt, epochNow());
    this.passedAt = now;
    const second = Math.floor(now / 1000);
    // Peers that start need the processor more than whoever looks on.
    if (!this.stands && now - this.paintedAt < START_FRAME_MS) return;
    if (this.isStale || playback.at !== before || second !== this.second) this.paint();
    this.second = second;
  }

  private paint(): void {
    const { timeline, playback, color, isLive } = this.options;
    this.isStale = false;
    const now = epochNow();
    const at = Math.min(playback.at, now);
    const { columns = 80, rows = 24 } = process.stdout;
    const moment = timeline.momentAt(at, MOST_ACCOUNTS, isLive ? now : at);
    this.stands = moment.state.stands || !isLive;
    this.paintedAt = performance.now();
    const frame = frameOf(this.said === null ? moment : { ...moment, said: this.said }, {
      size: { columns, rows },
      prompt: this.prompt?.() ?? null,
      stopped: playback.stopped,
      slow: playback.slow,
      isPresent: playback.isPresent,
      behindMs: Math.max(0, timeline.endAt - at),
    });
    this.painter.paint(colored(frame, color));
  }

  /** On an empty line the view has its keys first; once something is typed, they edit that. */
  private take(chunk: Buffer): void {
    let rest = chunk.toString("latin1");
    while (rest !== "" && (this.prompt?.().text ?? "") === "") {
      const found = Object.entries(KEYS).find(([bytes]) => rest.startsWith(bytes));
      if (found === undefined) break;
      const [bytes, key] = found;
      this.press(key);
      rest = rest.slice(bytes.length);
    }
    if (rest.includes(CTRL_C)) this.options.interrupt();
    else if (rest !== "") this.input.write(Buffer.from(rest, "latin1"));
    // The reader of lines has its turn first.
    setImmediate(() => this.paint());
  }

  private press(key: Key): void {
    const { playback, isLive } = this.options;
    const now = epochNow();
    // Who goes on has read what was said.
    if (key !== "explain") this.said = isLive ? [] : null;
    if (key === "toggle") playback.toggle(now);
    else if (key === "begin") playback.toBegin();
    else if (key === "end") playback.toEnd(now);
    else if (key === "explain") this.explain();
    else playback.step(key === "forward", now);
  }
}
