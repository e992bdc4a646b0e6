/** Does what is typed at a ring's prompt. */
import { Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { TYPED_MS } from "./limits.ts";
import type { Screen } from "./screen.ts";
import { helpOf, parseTyped, type Typed } from "./typed.ts";
import type { TypedRing } from "./typed-ring.ts";

export class Actions {
  /** @param wait whether a command typed at a peer is over before the next begins */
  constructor(
    private readonly ring: TypedRing,
    private readonly screen: Screen,
    private readonly wait: boolean,
  ) {}

  /**
   * Resolves when the command is done. Never rejects: what went wrong is said.
   * @returns whether to go on
   */
  async run(line: string): Promise<boolean> {
    const typed = parseTyped(line);
    try {
      await this.perform(typed);
    } catch (error) {
      this.screen.complain(error instanceof Error ? error.message : String(error));
    }
    return typed.kind !== "quit";
  }

  private async perform(typed: Typed): Promise<void> {
    switch (typed.kind) {
      case "nothing":
      case "quit":
        return;
      case "help":
        for (const line of helpOf(this.ring.words.join(", "))) this.screen.say(line);
        return;
      case "peerless":
        this.screen.complain(this.whichPeer(typed.line));
        return;
      case "wrong":
        this.screen.complain(typed.sentence);
        return;
      case "status":
        for (const line of await this.ring.status(this.wait)) this.screen.say(line);
        return;
      case "at": {
        const done = this.typeAt(typed.id, typed.line);
        return await (this.wait ? done : this.sayLater(done));
      }
      case "kill":
        return await this.kill(typed.ids);
      case "stop":
      case "cont":
        return this.freeze(typed.kind, typed.ids);
      case "join": {
        const done = this.join(typed.id, typed.known);
        return await (this.wait ? done : this.sayLater(done));
      }
    }
  }

  /** `store 2067`, without a peer. */
  private whichPeer(line: string): string {
    const running = this.ring.peers().filter(({ state }) => state === "running");
    const id = running[Math.floor(running.length / 2)]?.id ?? 8;
    const [verb = "", ...rest] = line.slice(0, 40).replace(/\p{C}/gu, "?").split(/\s+/);
    const said = [verb.slice(0, 1).toUpperCase() + verb.slice(1).toLowerCase(), ...rest].join(" ");
    return `Say at which peer, any of the ring: ${id} ${rest.length === 0 ? `${said} 2067` : said}`;
  }

  /** In a terminal the next command may be typed meanwhile. */
  private sayLater(done: Promise<void>): void {
    done.catch((error: Error) => this.screen.complain(error.message));
  }

  private async typeAt(id: number, line: string): Promise<void> {
    this.mustRun(id);
    await this.ring.type(id, line, this.wait);
    if (/^quit$/i.test(line)) await this.ring.untilEnded(id, TYPED_MS);
  }

  /** All in the same instant. */
  private async kill(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.mustBe(id);
    for (const id of ids) this.ring.signal(id, "SIGKILL");
    await Promise.all(ids.map((id) => this.ring.untilEnded(id, TYPED_MS)));
  }

  private freeze(kind: "stop" | "cont", ids: readonly number[]): void {
    for (const id of ids) this.mustBe(id);
    for (const id of ids) this.ring.signal(id, kind === "stop" ? "SIGSTOP" : "SIGCONT");
    const what = kind === "stop" ? "frozen" : "thawed";
    this.screen.say(`${displayList(ids)} ${what}`);
  }

  private async join(id: number, known: number | null): Promise<void> {
    if (known !== null) this.mustBe(known);
    await this.ring.start(id, known);
  }

  private mustBe(id: number): void {
    const ids = this.ring.peers().map((peer) => peer.id);
    if (ids.includes(id)) return;
    throw new Failure(`There is no peer ${id} in this ring: there are ${displayList(ids)}.`);
  }

  private mustRun(id: number): void {
    this.mustBe(id);
    const state = this.ring.peers().find((peer) => peer.id === id)?.state;
    if (state === "frozen") throw new Failure(`Peer ${id} is frozen: thaw it with cont ${id}.`);
    if (state === "ended") throw new Failure(`Peer ${id} has ended: start it with start ${id}.`);
  }
}
