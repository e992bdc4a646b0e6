/** A screen of which all is recorded; where a live view shows the record, nothing else is. */
import { shown } from "../terminal/shown.ts";
import type { RingLog } from "./ring-log.ts";
import type { RingRecorder } from "./ring-recorder.ts";
import { isPingLine, Screen } from "./screen.ts";

export class RecordedScreen extends Screen {
  /** Somebody else shows what is recorded, instead. */
  isCovered = false;
  /** The last sentence of the ring's own about something that went wrong. */
  lastComplaint = "";

  constructor(
    private readonly recorder: RingRecorder,
    color: boolean,
    log: RingLog | null,
  ) {
    super(color, log);
  }

  override line(id: number, text: string): void {
    this.record(id, text, false);
    if (!this.isCovered) super.line(id, text);
  }

  override note(id: number, text: string): void {
    this.record(id, text, true);
    if (!this.isCovered) super.note(id, text);
  }

  override say(text: string): void {
    this.record(null, text, false);
    if (!this.isCovered) super.say(text);
  }

  override complain(sentence: string): void {
    this.lastComplaint = sentence;
    this.record(null, sentence, true);
    if (!this.isCovered) super.complain(sentence);
  }

  private record(peer: number | null, text: string, error: boolean): void {
    if (this.muted || (!error && peer !== null && isPingLine(text))) return;
    this.shownAt = performance.now();
    // What is bold is a matter of the terminal.
    this.recorder.shown(peer, Bun.stripANSI(shown(text)), error);
  }
}
