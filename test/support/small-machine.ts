/** A part of this machine that is a small one: little memory, and a share of one core (control groups of Linux). */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

export type SmallMachine = {
  /** Put before a command, it runs it there. */
  readonly inside: readonly string[];
  /** The most memory that was used there so far, in bytes. */
  readonly peakBytes: number;
  /** To be called when all that ran there has ended. */
  close(): void;
};

/**
 * @param memoryBytes beyond it whatever runs there is killed
 * @param share of one core, as in 0.2
 * @returns why there can be none here, if so
 */
export function smallMachine(memoryBytes: number, share: number): SmallMachine | string {
  if (process.platform !== "linux") return "only Linux has control groups";
  const name = `p2p-test-${process.pid}-${Math.floor(Math.random() * 1e9)}`;
  const isSecond = existsSync(join(ROOT, "cgroup.controllers"));
  const quota = Math.round(share * 100_000);
  const [memory, cpu] = isSecond
    ? [join(ROOT, name), join(ROOT, name)]
    : [join(ROOT, "memory", name), join(ROOT, "cpu", name)];
  const folders = [...new Set([memory, cpu])];
  try {
    for (const folder of folders) mkdirSync(folder);
    if (isSecond) {
      writeFileSync(join(memory, "memory.max"), String(memoryBytes));
      writeFileSync(join(cpu, "cpu.max"), `${quota} 100000`);
    } else {
      writeFileSync(join(memory, "memory.limit_in_bytes"), String(memoryBytes));
      writeFileSync(join(cpu, "cpu.cfs_quota_us"), String(quota));
    }
  } catch (error) {
    close(folders);
    return `no control group can be made here (${error instanceof Error ? error.message : error})`;
  }
  const enter = folders.map((folder) => `echo $$ > ${join(folder, "cgroup.procs")}`).join(" && ");
  const peak = join(memory, isSecond ? "memory.peak" : "memory.max_usage_in_bytes");
  return {
    inside: ["sh", "-c", `${enter} && exec "$0" "$@"`],
    get peakBytes() {
      return Number(readFileSync(peak, "utf8"));
    },
    close: () => close(folders),
  };
}

function close(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // It was never made, or somebody is still in it: it goes with the machine.
    }
  }
}
