/** A file that a command stores from where it is: opened once, and read until the command has ended. */
import type { Named } from "../door/host.ts";
import type { Content } from "../store/content.ts";
import { markOf } from "../store/mark.ts";
import { openQuietly } from "./given.ts";

/** Whatever happens to its name meanwhile, all who read it get the file that the command meant. */
export class HeldFile {
  #readers = 0;
  #released = false;
  #short = false;

  private constructor(private readonly content: Content) {}

  /** @returns null if this process cannot open that very file */
  static open({ path, mark }: Named): HeldFile | null {
    const content = openQuietly(path);
    if (content === null) return null;
    if (markOf(path) === mark) return new HeldFile(content);
    content.close();
    return null;
  }

  /** It had fewer bytes, when read, than when it was opened: what was read of it is worth nothing. */
  get short(): boolean {
    return this.#short;
  }

  /** For one reader, who closes it. @returns null if the file is not what it was */
  open(): Content | null {
    if (this.#short || this.#released) return null;
    this.#readers++;
    const { size } = this.content;
    const count = (read: number, wanted: number, at: number): number => {
      if (read === 0 && wanted > 0 && at < size) this.#short = true;
      return read;
    };
    return {
      size,
      read: (into, at) => {
        const reading = this.content.read(into, at);
        if (typeof reading === "number") return count(reading, into.length, at);
        return reading.then((read) => count(read, into.length, at));
      },
      close: () => {
        this.#readers--;
        this.#closeUnused();
      },
    };
  }

  /** Nobody opens it any more; it is closed when the last reader has. */
  release(): void {
    this.#released = true;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.#released && this.#readers === 0) this.content.close();
  }
}
