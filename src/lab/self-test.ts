/**
 * `p2p chaos --self-test`: whether chaos finds what it is there to find. Known faults are planted in a proxy
 * between it and the control sockets of its peers, one in each run; each run must fail, by the right check,
 * and one in which nothing is planted must pass.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type CheckOutcome, type Envelope, exitCodeOf } from "../checks/verdict.ts";
import { displayTable } from "../terminal/display.ts";
import { say } from "../terminal/shown.ts";
import { ControlProxy, type Meddler } from "./control-proxy.ts";
import { Course, headerOf } from "./course.ts";
import { ownRing } from "./lab-ring.ts";
import { Network } from "./network.ts";
import { CLEAN, PLANTED, type Planted } from "./planted.ts";
import { freeBasePort } from "./ports.ts";
import { ownProgram, peerDir } from "./program.ts";
import { ringDir, takeRingDir, temporaryFolder } from "./ring-folder.ts";
import type { PlannedFault } from "./run-lines.ts";
import { judgeEnd } from "./run-verdict.ts";
import { RunWriter } from "./run-writer.ts";
import { Stop } from "./stop.ts";
import type { RunReport } from "./verdict.ts";

export type SelfTestOptions = {
  /** In [0, 2^32); drawn if null. */
  readonly seed: number | null;
  readonly json: boolean;
  /** The checks whose faults are planted; null for all. */
  readonly checks: readonly string[] | null;
};

/** What was planted, null for nothing; and what came of it. */
type Tried = { readonly planted: Planted | null; readonly report: RunReport };

const IDS = [2, 5, 9, 14, 19] as const;
const INTERVAL_MS = 1_000;
/** Runs at a time: most of the time each waits. */
const AT_ONCE = 4;
/** A ring that lies is waited for in vain. */
const LIMIT_MS = 10_000;
const LOAD = { load: 4, workload: null, execClient: null };
const CORPUS = { count: 4, largest: 20_000 };
const COPIES = 3;

/** One peer is killed, and another leaves: each comes back. */
const PLAN: readonly PlannedFault[] = [
  { n: 1, kind: "kill", atMs: 500, forMs: 1_500, peers: [9], others: [], amount: null },
  { n: 2, kind: "quit", atMs: 3_000, forMs: 500, peers: [14], others: [], amount: null },
];

/**
 * @returns 0 if each fault was found, 1 if not, 130 if interrupted
 * @throws Failure if a ring cannot be started
 */
export async function runSelfTest(options: SelfTestOptions): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const stop = new Stop();
  const running = new Set<Rehearsal>();
  try {
    const { checks } = options;
    const queue = [null, ...PLANTED.filter(({ check }) => checks?.includes(check) ?? true)];
    const order = [...queue];
    say(`self-test: ${order.length} runs of chaos, seed ${seed}`);
    const tried: Tried[] = [];
    const bases: number[] = [];
    const worker = async (): Promise<void> => {
      for (let planted = queue.shift(); planted !== undefined; planted = queue.shift()) {
        const base = await freeBasePort(IDS, bases);
        bases.push(base);
        const rehearsal = new Rehearsal(planted, seed, base);
        running.add(rehearsal);
        const report = await stop.unless(rehearsal.run());
        running.delete(rehearsal);
        await rehearsal.close();
        tried.push({ planted, report });
        say(`${tried.length} of ${order.length}: ${whatOf(planted)}: ${foundIn(report)}`);
      }
    };
    await stop.unless(Promise.all(Array.from({ length: AT_ONCE }, worker)));
    tried.sort((a, b) => order.indexOf(a.planted) - order.indexOf(b.planted));
    return show(tried, seed, options.json);
  } catch (error) {
    return stop.codeAfter(error);
  } finally {
    await Promise.all([...running].map((rehearsal) => rehearsal.close()));
    stop.release();
  }
}

/** One run of chaos in a ring of its own. */
class Rehearsal {
  private readonly home = temporaryFolder("p2p-chaos-");
  private readonly lines = new RunWriter(null);
  private readonly proxy: ControlProxy;
  private readonly network: Network;
  private readonly folder: string;
  private course: Course | null = null;

  constructor(
    planted: Planted | null,
    private readonly seed: number,
    basePort: number,
  ) {
    const folder = ringDir(this.home, basePort);
    this.folder = folder;
    const isStruck = (): boolean => this.lines.lines.some(({ type }) => type === "fault");
    const meddler: Meddler = planted?.make(isStruck) ?? CLEAN;
    this.proxy = new ControlProxy(join(this.home, "p"), (id) => peerDir(folder, id), meddler);
    const called = new Map(IDS.map((id) => [Number(id), this.proxy.stand(id)]));
    this.network = new Network(
      {
        ...{ program: ownProgram(), cwd: this.home, ringDir: folder, basePort },
        pingIntervalMs: INTERVAL_MS,
        calledAt: (id) => called.get(id) ?? peerDir(folder, id),
      },
      { line() {}, note() {}, ended() {} },
    );
  }

  async run(): Promise<RunReport> {
    const { network, seed, home, lines: run } = this;
    await takeRingDir(this.folder);
    network.found(IDS);
    run.write(headerOf({ seed, program: "p2p", ids: IDS, copies: COPIES, plan: PLAN }));
    this.course = new Course({
      ...{ ring: ownRing(network), run, seed, ids: IDS, plan: PLAN, minAlive: 1 },
      ...{ mayStrike: () => true, ...LOAD, corpus: CORPUS, limitMs: LIMIT_MS, spool: home },
      tell: () => {},
    });
    return judgeEnd(run, await this.course.execute());
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.course?.halt(false);
    await this.network.stop();
    this.proxy.close();
    this.lines.close();
    await rm(this.home, { recursive: true, force: true }).catch(() => {});
  }
}

function whatOf(planted: Planted | null): string {
  return planted?.what ?? "nothing planted";
}

/** The checks that failed, or the verdict where none did. */
function foundIn(report: RunReport): string {
  return failed(report).join(", ") || report.verdict;
}

function failed({ checks }: RunReport): string[] {
  return checks.flatMap(({ name, verdict }) => (verdict === "failed" ? [name] : []));
}

/** What was executed twice also breaks the order of what clients were told: more than one check may fail. */
function isRight({ planted, report }: Tried): boolean {
  if (planted === null) return report.verdict === "passed";
  return failed(report).includes(planted.check);
}

function show(tried: readonly Tried[], seed: number, json: boolean): number {
  const checks = tried.map(outcomeOf);
  const wrong = checks.filter(({ verdict }) => verdict === "failed");
  const verdict = wrong.length === 0 ? "passed" : "failed";
  const exitCode = exitCodeOf(verdict);
  if (json) {
    const head: Envelope = { type: "self-test", v: 1, verdict, exitCode, seed, checks, times: {} };
    console.log(JSON.stringify(head));
    return exitCode;
  }
  const rows = tried.map((each) => [
    whatOf(each.planted),
    each.planted?.check ?? "passed",
    foundIn(each.report),
    isRight(each) ? "" : each.report.why,
  ]);
  for (const line of displayTable(["planted", "expected", "found", ""], rows)) console.log(line);
  const found = `${tried.length - wrong.length} of ${tried.length} as expected`;
  console.log(`\n${verdict}: ${found}`);
  return exitCode;
}

function outcomeOf(each: Tried): CheckOutcome {
  const { planted, report } = each;
  const expected = planted?.check ?? "passed";
  const right = isRight(each);
  return {
    name: expected,
    title: whatOf(planted),
    verdict: right ? "passed" : "failed",
    why: right ? null : `found ${foundIn(report)} instead: ${report.why}`,
    peers: [],
  };
}
