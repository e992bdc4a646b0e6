/** A numbered ring of real peers in a folder of its own, all of which share that working directory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import type { Checks, Status } from "../../src/control/types.ts";
import { sha256, someBytes } from "../store/temporary.ts";
import { unrest } from "./calm.ts";
import { Gate } from "./gate.ts";
import { PeerProcess } from "./peer-process.ts";
import { type ClaimedPorts, claimPorts } from "./ports.ts";
import { type Ended, p2p } from "./program.ts";
import { Stalls } from "./stalls.ts";
import { Wake } from "./wake.ts";

/** The assignment's seven. */
export const SEVEN = [2, 4, 5, 8, 9, 14, 19];

/** What a peer says where a busy machine had no answer from enough others in time. */
const LATER = /^(Request|Storing|Removing) \S+ is not (possible now|confirmed)\b/;
const MOST_TRIES = 10;

/** Tests beside each other mostly wait; yet with too many peers at once two processors are late. */
const gate = new Gate(4);

/** Runs a test with a ring, which is gone after it, whether or not the test passed. */
export async function withRing(
  test: (ring: TestRing) => Promise<void>,
  ids: readonly number[] = [],
  intervalS = 1,
  flags: readonly string[] = [],
): Promise<void> {
  await gate.enter();
  const ring = new TestRing(await claimPorts(), intervalS, flags);
  try {
    if (ids.length > 0) {
      ring.init(ids);
      await ring.calm();
    }
    await test(ring);
  } finally {
    await ring.close();
    gate.leave();
  }
}

/** The same with a ring that is open to all, to which a test speaks as any other program could. */
export function withOpenRing(
  test: (ring: TestRing) => Promise<void>,
  ids: readonly number[] = [],
  intervalS = 1,
): Promise<void> {
  return withRing(test, ids, intervalS, ["--insecure"]);
}

export class TestRing {
  readonly cwd = mkdtempSync(join(tmpdir(), "p2p-test-"));
  readonly peers = new Map<number, PeerProcess>();
  readonly wake = new Wake();

  constructor(
    readonly ports: ClaimedPorts,
    public intervalS: number,
    readonly flags: readonly string[] = [],
  ) {}

  /** Starts peers as the assignment does, in the order given: each knows its two successors. */
  init(ids: readonly number[]): void {
    const sorted = [...ids].sort((a, b) => a - b);
    for (const id of ids) {
      const at = sorted.indexOf(id);
      const [first = id, second = id] = [1, 2].map((i) => sorted[(at + i) % sorted.length]);
      this.start(id, ["init", id, first, second, this.intervalS]);
    }
  }

  join(id: number, known: number): PeerProcess {
    return this.start(id, ["join", id, known, this.intervalS]);
  }

  start(id: number, args: readonly (string | number)[], stdin?: "ignore"): PeerProcess {
    // What was started once has them already.
    const isAgain = args.includes("--base-port");
    const all = isAgain ? [...args] : [...args, ...this.basePort, ...this.flags];
    const options = { args: all, cwd: this.cwd, ...(stdin === undefined ? {} : { stdin }) };
    const peer = new PeerProcess(options, this.wake);
    this.peers.set(id, peer);
    return peer;
  }

  get basePort(): (string | number)[] {
    return ["--base-port", this.ports.base];
  }

  peer(id: number): PeerProcess {
    const peer = this.peers.get(id);
    if (peer === undefined) throw new Error(`peer ${id} was never started`);
    return peer;
  }

  /** The same command again, in the same folder or, emptied, in a new one. */
  restart(id: number, withoutFolder = false): PeerProcess {
    if (withoutFolder) rmSync(this.folderOf(id), { recursive: true, force: true });
    return this.start(id, this.peer(id).args);
  }

  /** Kills all of them in one instant; resolves when they are gone. */
  async kill(...ids: readonly number[]): Promise<void> {
    await Promise.all(ids.map((id) => this.peer(id).kill()));
  }

  /**
   * Types a line at a peer until it says what is wanted. Where the machine stood still meanwhile, too few
   * may have answered in time: then it says that it is not possible now, or not confirmed, and a person tries again.
   */
  async told(id: number, line: string, wanted: string | RegExp): Promise<void> {
    const peer = this.peer(id);
    const isWanted = (text: string) =>
      typeof wanted === "string" ? text === wanted : wanted.test(text);
    for (let tries = 1; ; tries++) {
      const from = peer.printed.length;
      const stalls = new Stalls();
      peer.type(line);
      const either = `${line}: ${wanted}`;
      const { text } = await peer.waitForOne(
        either,
        (said) => isWanted(said) || LATER.test(said),
        from,
      );
      const wasLate = stalls.end();
      if (isWanted(text)) return;
      // Without a stall of the machine it is the ring that had no answer.
      if (!wasLate || tries === MOST_TRIES) throw new Error(`${either}: ${text}`);
    }
  }

  folderOf(id: number): string {
    return join(this.cwd, ".p2p", `${this.ports.base}-${id}`);
  }

  control(id: number) {
    return controlClient(this.folderOf(id));
  }

  status(id: number, keys: readonly number[] = []): Promise<Status> {
    return this.control(id).status(keys);
  }

  /** Writes `NAME.pdf` into the working directory. @returns its content */
  file(name: string, size: number): Uint8Array {
    const bytes = someBytes(size, Number(name) + size);
    writeFileSync(join(this.cwd, `${name}.pdf`), bytes);
    return bytes;
  }

  /** The hash of a file in the working directory; null if there is none. */
  async hashOf(path: string): Promise<string | null> {
    const file = Bun.file(join(this.cwd, path));
    return (await file.exists()) ? sha256(await file.bytes()) : null;
  }

  /** Another folder below the ring's own, which goes with it. */
  folder(name: string): string {
    const dir = join(this.cwd, name);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  run(...argv: readonly (string | number)[]): Promise<Ended> {
    return p2p(argv, this.cwd);
  }

  /** Those that run and are not frozen, by id. */
  get living(): number[] {
    return [...this.peers]
      .filter(([, peer]) => peer.end === null && !peer.frozen)
      .map(([id]) => id)
      .sort((a, b) => a - b);
  }

  /** Waits until the living peers say that R1 to R8 hold, and every file has its copies. */
  async calm(limitMs = 60_000): Promise<void> {
    let why = "";
    const look = async () => {
      why = await unrest(this.living.map((id) => this.folderOf(id)));
      return why === "" ? true : null;
    };
    await this.wake.until(`calm of ${this.living.join(", ")}`, limitMs, look, () => why);
  }

  /** What `p2p status --all --json` says, here where it must be that all is well. */
  async checks(): Promise<Checks> {
    const { stdout, stderr, exitCode } = await this.run("status", "--all", "--json");
    if (exitCode !== 0 || stderr !== "") throw new Error(`exit ${exitCode}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as Checks;
  }

  async close(): Promise<void> {
    await Promise.all([...this.peers.values()].map((peer) => peer.kill()));
    this.ports.release();
    rmSync(this.cwd, { recursive: true, force: true });
  }
}
