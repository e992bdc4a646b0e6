/**
 * Files of a ring of another program: stored and requested by what is typed at its peers, and read back from
 * what they write into their folder. The assignment keeps one copy of a file, so only those count whose holder
 * was never ended.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Loss, ReadBack } from "./files.ts";
import type { ForeignNetwork } from "./foreign-network.ts";
import { FOREIGN_FILE_BYTES, FOREIGN_FILES, FOREIGN_TYPED_MS } from "./limits.ts";

type ForeignFile = {
  readonly name: string;
  readonly content: Uint8Array;
  readonly holder: number;
};

/** Four digits that fall on places spread over the whole circle. */
const NAMES = Array.from({ length: FOREIGN_FILES }, (_, i) => {
  return String(1_024 + Math.floor((256 * (i + 0.5)) / FOREIGN_FILES));
});
const LANDED_POLL_MS = 50;
const LANDED_MS = 1_000;

export class ForeignFiles {
  private readonly files: ForeignFile[] = [];

  /** @param dir the working folder of all its peers */
  constructor(
    private readonly network: ForeignNetwork,
    private readonly dir: string,
  ) {}

  /** @returns why files cannot be judged here; null where they can */
  async store(ids: readonly number[]): Promise<string | null> {
    for (const [index, name] of NAMES.entries()) {
      const content = randomBytes(FOREIGN_FILE_BYTES);
      writeFileSync(join(this.dir, `${name}.pdf`), content);
      const at = ids[index % ids.length] ?? 0;
      const holder = await this.storeAt(at, name);
      if (holder === null) return `no peer printed that it accepted Store ${name}`;
      this.files.push({ name, content, holder });
    }
    const [first] = this.files;
    const from = ids.find((id) => id !== first?.holder);
    if (first === undefined || from === undefined) return "there is nobody to request a file from";
    const why = await this.requestAt(from, first);
    return why === null ? null : `Request ${first.name} at peer ${from}: ${why}`;
  }

  /** Requests each file whose holder was never ended through some of the living. Never rejects. */
  async readBack(living: readonly number[], ended: ReadonlySet<number>): Promise<ReadBack> {
    const losses: Loss[] = [];
    let reads = 0;
    for (const [index, file] of this.files.entries()) {
      if (ended.has(file.holder)) continue;
      const others = living.filter((id) => id !== file.holder);
      const peer = others[index % Math.max(1, others.length)];
      if (peer === undefined) continue;
      reads++;
      const why = await this.requestAt(peer, file);
      if (why !== null) losses.push({ file: file.name, peer, why });
    }
    return { reads, losses };
  }

  get count(): number {
    return this.files.length;
  }

  private async storeAt(at: number, name: string): Promise<number | null> {
    let holder: number | null = null;
    const stored = this.network.told((from, told) => {
      if (told.kind !== "stored" || told.file !== name) return false;
      holder = from;
      return true;
    }, FOREIGN_TYPED_MS);
    if (!this.typed(at, `Store ${name}`)) return null;
    await stored;
    return holder;
  }

  /** @returns what was amiss, or null */
  private async requestAt(at: number, { name, content }: ForeignFile): Promise<string | null> {
    const path = join(this.dir, `received_${name}.pdf`);
    rmSync(path, { force: true });
    const received = this.network.told(
      (from, told) => from === at && told.kind === "received" && told.file === name,
      FOREIGN_TYPED_MS,
    );
    if (!this.typed(at, `Request ${name}`)) return "the peer has ended";
    if (!(await received)) return `it did not print that it received it`;
    const end = performance.now() + LANDED_MS;
    while (!holds(path, content)) {
      if (performance.now() > end) return `received_${name}.pdf is not the same file`;
      await Bun.sleep(LANDED_POLL_MS);
    }
    return null;
  }

  private typed(at: number, line: string): boolean {
    try {
      this.network.type(at, line);
      return true;
    } catch {
      return false;
    }
  }
}

function holds(path: string, content: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(content);
  } catch {
    return false;
  }
}
