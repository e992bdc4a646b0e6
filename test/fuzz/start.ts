/**
 * The compiled program on a data folder that the disk has not kept as it was. What must hold: the peer
 * runs, or ends with one sentence and an exit code of those that there are for it.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { readLivingProcess } from "../../src/store/process-file.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { doHarm, makeFolder } from "./disk.ts";
import { type Found, type Target, tally } from "./target.ts";

const START_MS = 20_000;
const LOOK_MS = 10;
/** What is wrong with a peer's memory shows when it speaks: at once. */
const LIVES_MS = 250;
const STACK = /^\s+at |evaluating|a bug in p2p/m;

export async function openStart(): Promise<Target> {
  const root = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "p2p-fuzz-"));
  const wholes = [join(root, "closed"), join(root, "killed")] as const;
  await makeFolder(...wholes);
  const did: Record<string, number> = {};
  return {
    did,
    async run(seed) {
      const dir = join(root, String(seed));
      const generator = new RandomGenerator(seed);
      for (let i = 0; i < 20; i++) generator.bits();
      cpSync(generator.pick(wholes), dir, { recursive: true });
      const { what } = doHarm(generator, dir);
      const peer = new PeerProcess({ args: ["init", "--data", dir], cwd: root, stdin: "ignore" });
      try {
        await begun(peer, dir);
        tally(did, peer.end === null ? "run" : `end with ${peer.end.code}`);
        return judged(peer, what);
      } finally {
        await peer.kill();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Resolves when the peer has ended, or says where it is and has lived for a moment then. */
async function begun(peer: PeerProcess, dir: string): Promise<void> {
  const until = performance.now() + START_MS;
  while (peer.end === null && performance.now() < until) {
    if (readLivingProcess(dir)?.processFile != null) break;
    await Bun.sleep(LOOK_MS);
  }
  if (peer.end === null) await Bun.sleep(LIVES_MS);
}

function judged({ end, errors }: PeerProcess, what: string): Found | null {
  const said = errors.join("\n");
  const found = (why: string) => ({ why: `${why}\n${said}`, reproduction: [what], kept: { what } });
  if (STACK.test(said)) return found("it says what only a bug says");
  if (end === null) return null;
  if (end.code !== 1 && end.code !== 2) return found(`exit code ${end.code}, ${end.signal}`);
  return errors.length >= 1 ? null : found(`exit code ${end.code} without a sentence`);
}
