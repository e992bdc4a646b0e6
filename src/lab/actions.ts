/** Does what is typed at a ring's prompt. */

import { snapshotOf } from "../control/snapshot.ts";
import type { Status } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import { count, displayList, displayTable } from "../terminal/display.ts";
import { firstBroken, HEAL_CHECKS, sayBroken } from "./judge.ts";
import { CALM_AT_MOST_MS, CALM_POLL_MS, TYPED_MS } from "./limits.ts";
import type { Network } from "./network.ts";
import type { Screen } from "./screen.ts";
import { HELP, parseTyped, type Typed } from "./typed.ts";

export class Actions {
  /** @param wait whether a command typed at a peer is over before the next begins */
  constructor(
    private readonly network: Network,
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
        for (const line of HELP) this.screen.say(line);
        return;
      case "wrong":
        this.screen.complain(typed.sentence);
        return;
      case "status":
        return await this.status();
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

  /** In a terminal the next command may be typed meanwhile. */
  private sayLater(done: Promise<void>): void {
    done.catch((error: Error) => this.screen.complain(error.message));
  }

  private async typeAt(id: number, line: string): Promise<void> {
    this.mustRun(id);
    const control = this.network.watch.control(id);
    if (control === undefined)
      throw new Failure(`Peer ${id} has ended: start it with start ${id}.`);
    const transfers = /^(store|request|remove|where)\s+\d{4}(\.conflict-[-\d]+)?$/i.test(line);
    const outcome = this.network.watch.event(
      id,
      (event) => event.event === "outcome" && !["owner", "listed"].includes(event.outcome.kind),
      transfers && this.wait ? TYPED_MS : 0,
    );
    await control.type(line);
    if (transfers) await Promise.race([outcome, this.network.untilEnded(id, TYPED_MS)]);
    if (/^quit$/i.test(line)) await this.network.untilEnded(id, TYPED_MS);
  }

  /** All in the same instant. */
  private async kill(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.mustBe(id);
    for (const id of ids) this.network.signal(id, "SIGKILL");
    await Promise.all(ids.map((id) => this.network.untilEnded(id, TYPED_MS)));
  }

  private freeze(kind: "stop" | "cont", ids: readonly number[]): void {
    for (const id of ids) this.mustBe(id);
    for (const id of ids) this.network.signal(id, kind === "stop" ? "SIGSTOP" : "SIGCONT");
    const what = kind === "stop" ? "frozen" : "thawed";
    this.screen.say(`${displayList(ids)} ${what}`);
  }

  private async join(id: number, known: number | null): Promise<void> {
    if (known !== null) this.mustBe(known);
    await this.network.start(id, known);
  }

  private async status(): Promise<void> {
    const living = this.network.living();
    const polled = await this.calmStatus(living);
    const rows = this.network.peers().map(({ id, pid, state }) => {
      const status = polled.get(id) ?? null;
      const said = state === "running" && status === null ? "silent" : state;
      const ids = (list: readonly number[] | undefined): string => list?.join(" ") || "-";
      const files = status === null ? "-" : String(status.files.count);
      const pids = state === "ended" ? "-" : String(pid);
      return [String(id), pids, ids(status?.successors), ids(status?.predecessors), files, said];
    });
    const header = ["peer", "pid", "successors", "predecessors", "files", "state"];
    for (const line of displayTable(header, rows)) this.screen.say(line);
    const snapshots = [...polled.values()].flatMap((s) => (s === null ? [] : [snapshotOf(s)]));
    const broken = firstBroken(living, snapshots);
    if (living.length === 0) this.screen.say("no peer is running");
    else if (broken !== null) this.screen.say(sayBroken(broken));
    else
      this.screen.say(`${HEAL_CHECKS.join(", ")} and R7 hold of ${count(living.length, "peer")}`);
  }

  /** What the peers say; asked again for a moment while the last command's news is still on its way. */
  private async calmStatus(living: readonly number[]): Promise<Map<number, Status | null>> {
    for (let tries = 0; ; tries++) {
      const polled = await this.network.watch.poll(living);
      const said = polled.flatMap(({ status }) => (status === null ? [] : [snapshotOf(status)]));
      if (firstBroken(living, said) === null || tries * CALM_POLL_MS >= CALM_AT_MOST_MS) {
        return new Map(polled.map(({ id, status }) => [id, status]));
      }
      await Bun.sleep(CALM_POLL_MS);
    }
  }

  private mustBe(id: number): void {
    const ids = this.network.peers().map((peer) => peer.id);
    if (ids.includes(id)) return;
    throw new Failure(`There is no peer ${id} in this ring: there are ${displayList(ids)}.`);
  }

  private mustRun(id: number): void {
    this.mustBe(id);
    const state = this.network.peers().find((peer) => peer.id === id)?.state;
    if (state === "frozen") throw new Failure(`Peer ${id} is frozen: thaw it with cont ${id}.`);
    if (state === "ended") throw new Failure(`Peer ${id} has ended: start it with start ${id}.`);
  }
}
