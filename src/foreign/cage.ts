/**
 * A world of its own for a program that may do anything (Linux namespaces): it sees no process, no network
 * and no folder for temporary files but its own, and all that it has started ends with the marker's.
 * What is asked of the kernel goes through `unshare` of util-linux, which needs no package and, where users
 * may make namespaces, no rights.
 */
import { readlinkSync } from "node:fs";
import { CAGE_END_MS, CAGE_TRY_MS, DISK_BYTES } from "./limits.ts";

const OPTIONS = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Loopback up; a disk in memory for what the program writes; then the command. */
const SET_UP = `ip link set lo up && mount -t tmpfs -o size=${DISK_BYTES},mode=711 p2p "$0" && exec "$@"`;

/** The names of this process's namespaces: a marker in a cage is told those outside, and has others. */
export function namespaces(): string {
  try {
    return ["pid", "net"].map((kind) => readlinkSync(`/proc/self/ns/${kind}`)).join(",");
  } catch {
    return "";
  }
}

/** What stands before a command that is to run in a cage; null where there can be none. */
export async function cagePrefix(home: string): Promise<readonly string[] | null> {
  if (process.platform !== "linux" || namespaces() === "") return null;
  for (const rights of [[], ["--user", "--map-root-user"]]) {
    const prefix = ["unshare", ...rights, ...OPTIONS, "sh", "-c", SET_UP, home];
    if (await works([...prefix, "true"])) return prefix;
  }
  return null;
}

async function works(command: readonly string[]): Promise<boolean> {
  try {
    const child = Bun.spawn([...command], {
      stdio: ["ignore", "ignore", "ignore"],
      timeout: CAGE_TRY_MS,
      killSignal: "SIGKILL",
    });
    return (await child.exited) === 0;
  } catch {
    return false;
  }
}

/**
 * True where every process but this one was started by the program that is marked.
 * @param outside `namespaces` of whoever made the cage; null of a marker in none
 */
export function isOwnWorld(outside: string | null): boolean {
  if (outside === null || process.pid !== 1) return false;
  const here = namespaces().split(",");
  const there = outside.split(",");
  return here.length === 2 && here.every((name, index) => name !== there[index]);
}

/**
 * Runs a command in a cage to its end.
 * @param wished resolves when the end is wished for
 * @returns its exit code, and null where it had to be killed
 */
export async function runCaged(
  command: readonly string[],
  home: string,
  wished: Promise<unknown>,
): Promise<number | null> {
  // What it is started with ends with us, however we end: then it ends as well.
  const child = Bun.spawn([...command], {
    env: { ...process.env, TMPDIR: home },
    stdio: ["pipe", "inherit", "inherit"],
  });
  const end = async (): Promise<null> => {
    await wished;
    child.stdin.end();
    await Bun.sleep(CAGE_END_MS);
    child.kill("SIGKILL");
    return null;
  };
  const code = await Promise.race([child.exited, end()]);
  return code === null ? null : child.exitCode;
}
