/** Takes down what happens in a run, for those who judge its history. */
import type { Applied, Ending, History, Value } from "../checks/history.ts";
import type { FileRecord } from "../protocol/model/files.ts";
import { merge, type Siblings, winnerOf } from "../protocol/model/siblings.ts";
import { type Host, localTime } from "./host.ts";
import type { Stage } from "./stage.ts";
import { Timeline } from "./timeline.ts";

export class Chronicle {
  readonly #stage: Stage;
  readonly #timeline: Timeline;
  readonly #applied: Applied[] = [];
  readonly #endings: Ending[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#timeline = new Timeline(stage.world);
    const note = (host: Host, record: FileRecord, at: number, overtaken: boolean): void => {
      if (record.removed) return;
      const { counter, owner, instance } = record.version;
      const { name, sha256: content } = record;
      // On a disk ages are as of the zero of the machine's clock.
      const versionedAt = at - (localTime(host, at) + record.ageMs);
      const seen = { version: [counter, owner, instance], at, versionedAt, overtaken };
      this.#applied.push({ peer: host.id, name, content, ...seen });
    };
    stage.world.commits.push((host, record, at) => note(host, record, at, false));
    // It may come to another disk later, where what replaced it is not yet.
    stage.world.overtaken.push((host, record, at) => note(host, record, at, true));
  }

  /** Looks at who runs and who can be reached, after an action. */
  note(): void {
    this.#timeline.note();
  }

  /** The names that clients worked on. */
  names(): string[] {
    return [...new Set(this.#stage.clients.operations.map(({ name }) => name))];
  }

  /** What a name stands for at the end; the conflicts are those on disks that are there. */
  noteEnding(name: string, value: Value): void {
    const hosts = [...this.#stage.world.hosts.values()].filter((h) => h.peer !== null);
    const kept = hosts.flatMap(({ disk }) => disk.intact()).filter((v) => v.name === name);
    const siblings = kept.reduce<Siblings>(merge, []);
    const winner = winnerOf(siblings);
    const conflicts = siblings.filter((v) => v !== winner && !v.removed);
    this.#endings.push({ name, value, conflicts: [...new Set(conflicts.map((v) => v.sha256))] });
  }

  /** All of it, of the names that clients worked on. @param excused tells of a write that nobody could have kept */
  history(excused: (record: FileRecord) => boolean): History {
    const names = new Set(this.names());
    const { operations, acknowledgements } = this.#stage.clients;
    return {
      operations: operations.map((operation) => {
        const record = acknowledgements.get(operation);
        return record !== undefined && excused(record)
          ? { ...operation, excused: true }
          : operation;
      }),
      situations: this.#timeline.situations,
      endings: this.#endings,
      applied: this.#applied.filter(({ name }) => names.has(name)),
    };
  }
}
