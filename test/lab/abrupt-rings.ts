/**
 * Rings that are started and stopped at random beside each other, and whoever started them killed at random
 * moments: what is to be gone is looked for in the system itself, by an environment that only they have.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { takeLock } from "../../src/store/lock.ts";
import { claimPorts } from "../support/ports.ts";
import { PROGRAM, p2p, plainEnvironment } from "../support/program.ts";
import { reaped } from "../support/reap.ts";

/** Far more than a ring takes to end, on a machine ten times slower. */
const UNTIL_ENDED_MS = 60_000;
const POLL_MS = 20;
/** The launcher is killed within so long: before, while and after its ring comes together. */
const LATEST_KILL_MS = 900;

/** What is left after a round, in words; empty if nothing is. */
export type Left = readonly string[];

/** @returns what was left in any round, with the round in which it was */
export async function abruptRings(rings: number, rounds: number, seed: number): Promise<Left> {
  const cwd = mkdtempSync(join(tmpdir(), "p2p-abrupt-"));
  const claims = await Promise.all(Array.from({ length: rings }, () => claimPorts()));
  try {
    const left = await Promise.all(
      claims.map(({ base }, at) => new AbruptRing(cwd, at, base, seed).run(rounds)),
    );
    return left.flat();
  } finally {
    for (const claim of claims) claim.release();
    rmSync(cwd, { recursive: true, force: true });
  }
}

class AbruptRing {
  private readonly random: RandomGenerator;
  private readonly dir: string;
  private readonly state: string;
  private readonly env: Record<string, string>;
  private readonly name: string;

  constructor(
    cwd: string,
    at: number,
    private readonly port: number,
    seed: number,
  ) {
    this.random = new RandomGenerator(seed * 1_000 + at);
    this.name = `r${at}`;
    this.dir = join(cwd, this.name);
    this.state = join(this.dir, "state");
    this.env = { XDG_STATE_HOME: this.state };
    mkdirSync(this.dir);
  }

  async run(rounds: number): Promise<string[]> {
    const left: string[] = [];
    for (let round = 0; round < rounds && left.length === 0; round++) {
      const did = await this.round();
      for (const what of await this.lookAfter()) {
        left.push(`${this.name}, round ${round} (${did}): ${what}`);
      }
    }
    return left;
  }

  /** @returns what was done, in words */
  private async round(): Promise<string> {
    const { random, port, name } = this;
    const size = random.between(1, 5);
    const detached = random.perMille(700);
    const words = ["ring", "up", String(size), "--base-port", String(port), "--name", name];
    const flags = detached ? ["-d"] : [];
    const launcher = reaped(
      Bun.spawn([PROGRAM, ...words, ...flags, "--ready-file", "ready"], {
        ...{ cwd: this.dir, env: plainEnvironment(this.env) },
        ...{ stdin: "pipe", stdout: "ignore", stderr: "ignore" },
      }),
    );
    const signal =
      (["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const)[random.below(4)] ?? "SIGKILL";
    const afterMs = random.below(LATEST_KILL_MS);
    await Promise.race([launcher.exited, Bun.sleep(afterMs)]);
    launcher.kill(signal);
    await launcher.exited;
    const did = `${size} peers${detached ? " in the background" : ""}, ${signal} after ${afterMs} ms`;
    return `${did}, ${await this.stopWhatStands()}`;
  }

  /** A ring in the background whose launcher had ended is a ring as any other. */
  private async stopWhatStands(): Promise<string> {
    const { random, name } = this;
    const listed = await this.p2p("ring", "ls", "--json");
    const ring: { pid: number } | undefined = JSON.parse(listed.stdout).rings[0];
    if (ring === undefined) return "which was all";
    const way = random.below(4);
    if (way === 0) {
      await this.p2p("ring", "kill", "0", "--name", name);
      await this.p2p("ring", "down", name);
      return "one killed, and then down";
    }
    if (way === 1) {
      await this.p2p("ring", "down", name);
      return "then down";
    }
    const signal = way === 2 ? "SIGKILL" : "SIGTERM";
    try {
      process.kill(ring.pid, signal);
    } catch {
      // It was about to end.
    }
    return `then ${signal} of the ring's process`;
  }

  /** Gives what has to end its time. @returns what is left all the same */
  private async lookAfter(): Promise<string[]> {
    const limit = performance.now() + UNTIL_ENDED_MS;
    for (;;) {
      const left = [...this.processes(), ...(await this.ports()), ...this.locks()];
      const late = performance.now() > limit;
      if (left.length > 0 && !late) {
        await Bun.sleep(POLL_MS);
        continue;
      }
      return [...left, ...(await this.names())];
    }
  }

  /** Whoever has this ring's environment. */
  private processes(): string[] {
    const mark = `XDG_STATE_HOME=${this.state}\0`;
    return readdirSync("/proc").flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, 4);
        return [`process ${pid} runs (${words.join(" ")})`];
      } catch {
        return [];
      }
    });
  }

  private async ports(): Promise<string[]> {
    const left: string[] = [];
    for (let id = 0; id < 256; id += 51) left.push(...(await this.portOf(id)));
    for (const id of [64, 85, 128, 170, 192]) left.push(...(await this.portOf(id)));
    return left;
  }

  private async portOf(id: number): Promise<string[]> {
    try {
      const at = { hostname: "127.0.0.1", port: this.port + id };
      Bun.listen({ ...at, socket: { data() {} } }).stop(true);
      (await Bun.udpSocket({ ...at, socket: { data() {}, error() {} } })).close();
      return [];
    } catch {
      return [`the port of ${id} is taken`];
    }
  }

  private locks(): string[] {
    const folder = join(this.dir, ".p2p", `ring-${this.port}`);
    return listed(folder).flatMap((id) => {
      if (!/^\d+$/.test(id) || !listed(join(folder, id)).includes("lock")) return [];
      const release = takeLock(join(folder, id));
      release?.();
      return release === null ? [`the folder of ${id} is locked`] : [];
    });
  }

  /** A name that is left is removed by who looks; one that is told of is stale. */
  private async names(): Promise<string[]> {
    const { stdout } = await this.p2p("ring", "ls");
    const told = stdout === "no ring runs\n" ? [] : [`the name is told of: ${stdout}`];
    const files = listed(join(this.state, "p2p", "rings"));
    return [...told, ...files.map((file) => `the file ${file} is there`)];
  }

  private p2p(...words: readonly string[]) {
    return p2p(words, this.dir, UNTIL_ENDED_MS, this.env);
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
