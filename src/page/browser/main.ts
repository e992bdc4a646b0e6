/** What the page does: the slider is the one clock, and everything that is drawn follows it. */
import { clockAt } from "../explain.ts";
import type { PageRun } from "../page-run.ts";
import { changesOf, countUpTo, ringAt } from "../ring-at.ts";
import { find } from "./elements.ts";
import { Lanes } from "./lanes.ts";
import { momentInWords, momentNodes } from "./moment.ts";
import { RingView } from "./ring-view.ts";

/** The slider's own steps by arrow keys, as a share of the run; with Page Up and Down ten times that. */
const STEP = 1 / 200;

class Player {
  private at = 0;
  private playing = false;
  private last = 0;
  private readonly slider = find("time", HTMLInputElement);
  private readonly play = find("play", HTMLButtonElement);
  private readonly clock = find("clock", HTMLElement);
  private readonly moment = find("moment", HTMLElement);
  private readonly speed = find("speed", HTMLSelectElement);
  private readonly ring: RingView;
  private readonly lanes: Lanes;
  private readonly changes: readonly number[];
  private readonly starts: readonly number[];

  constructor(private readonly run: PageRun) {
    const ids = run.peers.map(({ id }) => id);
    this.ring = new RingView(find("ring", SVGSVGElement), ids);
    this.lanes = new Lanes(find("rows", HTMLElement), run, (at) => this.show(at));
    this.changes = changesOf(run);
    this.starts = [...new Set(run.faults.map(({ from }) => from))].sort((a, b) => a - b);
    this.speed.value = run.lengthMs > 600_000 ? "64" : run.lengthMs > 120_000 ? "16" : "1";
    this.listen();
    this.show(0);
  }

  /** Draws a moment, and leaves the slider there. */
  private show(at: number): void {
    this.at = Math.max(0, Math.min(this.run.lengthMs, at));
    const ring = ringAt(this.run, this.at);
    this.ring.draw(ring);
    this.lanes.move(this.at);
    this.clock.textContent = clockAt(this.at);
    this.moment.replaceChildren(...momentNodes(this.run, ring));
    this.slider.value = String(this.at);
    const words = momentInWords(ring);
    this.slider.setAttribute("aria-valuetext", `${clockAt(this.at)}: ${words}`);
  }

  private listen(): void {
    const { slider } = this;
    slider.addEventListener("input", () => this.show(Number(slider.value)));
    slider.addEventListener("keydown", (event) => {
      const to = this.keyed(event.key);
      if (to === null) return;
      event.preventDefault();
      this.show(to);
    });
    this.play.addEventListener("click", () => this.toggle());
    const button = (id: string, step: () => void): void => {
      find(id, HTMLButtonElement).addEventListener("click", step);
    };
    button("step", () => this.next(this.changes));
    button("step-back", () => this.before(this.changes));
    button("fault-next", () => this.next(this.starts));
    button("fault-back", () => this.before(this.starts));
    for (const show of document.querySelectorAll<HTMLButtonElement>("button.show")) {
      show.addEventListener("click", () => {
        this.show(Number(show.dataset["at"]));
        find("through", HTMLElement).scrollIntoView({ block: "start" });
        slider.focus({ preventScroll: true });
      });
    }
    document.addEventListener("keydown", (event) => this.typed(event));
  }

  /** Where a key on the slider leads; null for keys that it does not know. */
  private keyed(key: string): number | null {
    const step = this.run.lengthMs * STEP;
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step },
      ...{ PageUp: 10 * step, PageDown: -10 * step },
    };
    if (key === "Home") return 0;
    if (key === "End") return this.run.lengthMs;
    const by = steps[key];
    return by === undefined ? null : this.at + by;
  }

  private typed(event: KeyboardEvent): void {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Those have a use for letters and for space themselves.
    if (target instanceof HTMLSelectElement) return;
    if (target instanceof HTMLButtonElement && key === " ") return;
    if (key === "n") this.next(this.starts);
    else if (key === "p") this.before(this.starts);
    else if (key === "f") this.next(this.changes);
    else if (key === "b") this.before(this.changes);
    else if (key === " ") {
      event.preventDefault();
      this.toggle();
    }
  }

  private next(times: readonly number[]): void {
    const to = times[countUpTo(times, this.at, (time) => time)];
    if (to !== undefined) this.show(to);
  }

  private before(times: readonly number[]): void {
    const to = times.findLast((time) => time < this.at);
    this.show(to ?? 0);
  }

  private toggle(): void {
    this.playing = !this.playing;
    this.play.classList.toggle("playing", this.playing);
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    if (!this.playing) return;
    if (this.at >= this.run.lengthMs) this.show(0);
    this.last = performance.now();
    requestAnimationFrame((now) => this.frame(now));
  }

  private frame(now: number): void {
    if (!this.playing) return;
    const passed = Math.max(0, now - this.last) * Number(this.speed.value);
    this.last = now;
    this.show(this.at + passed);
    if (this.at >= this.run.lengthMs) this.toggle();
    else requestAnimationFrame((next) => this.frame(next));
  }
}

const data: PageRun = JSON.parse(find("run", HTMLScriptElement).textContent ?? "");
new Player(data);
