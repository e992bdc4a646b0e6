/** Cuts what a program prints into lines, as they are seen on a terminal, and learns its prompt. */
import { MAX_LINE_CHARS, MAX_PROMPT_CHARS, MAX_PROMPTS, STANDING_MS } from "./limits.ts";
import { looksLikePrompt, visible } from "./reading.ts";

export class LineCutter {
  /** What stood before the cursor while the program waited; the longest first. */
  readonly prompts: string[] = [];
  private readonly decoder = new TextDecoder();
  private rest = "";
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** @param take called with each line that is not empty, and with one that stands without its end */
  constructor(private readonly take: (line: string) => void) {}

  /** Takes what was printed next. */
  add(bytes: Uint8Array): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const parts = (this.rest + this.decoder.decode(bytes, { stream: true })).split(/\r?\n|\r/);
    this.rest = parts.pop() ?? "";
    for (const part of parts) this.say(part);
    while (this.rest.length > MAX_LINE_CHARS) {
      this.say(this.rest.slice(0, MAX_LINE_CHARS));
      this.rest = this.rest.slice(MAX_LINE_CHARS);
    }
    if (this.rest !== "") this.timer = setTimeout(() => this.stand(), STANDING_MS);
  }

  /** Nothing comes any more: what is left is a line as well. */
  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.say(this.rest);
    this.rest = "";
  }

  private say(line: string): void {
    const text = visible(line).trimEnd();
    if (text !== "") this.take(text);
  }

  private stand(): void {
    this.timer = null;
    const text = visible(this.rest);
    if (looksLikePrompt(text) && text.length <= MAX_PROMPT_CHARS) this.learn(text);
    // Whoever looks at the terminal sees it, though the line may still go on.
    else this.say(this.rest);
  }

  private learn(prompt: string): void {
    if (this.prompts.includes(prompt) || this.prompts.length >= MAX_PROMPTS) return;
    this.prompts.push(prompt);
    this.prompts.sort((a, b) => b.length - a.length);
  }
}
