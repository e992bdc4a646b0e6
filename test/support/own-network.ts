/** A command with a network of its own: programs that listen on the assignment's ports need them for themselves. */

const SET_UP = 'ip link set lo up && exec "$@"';

/** What stands before it; null where namespaces cannot be had. */
export function ownNetwork(): readonly string[] | null {
  for (const rights of [[], ["--user", "--map-root-user"]]) {
    const prefix = ["unshare", ...rights, "--net", "sh", "-c", SET_UP, "own"];
    if (works([...prefix, "true"])) return prefix;
  }
  return null;
}

function works(command: readonly string[]): boolean {
  try {
    return Bun.spawnSync([...command], { stdio: ["ignore", "ignore", "ignore"] }).exitCode === 0;
  } catch {
    return false;
  }
}

/** Why a test that needs all of these is left out; null where it is not. */
export function lacks(
  ...wanted: readonly (readonly [there: boolean, what: string])[]
): string | null {
  return wanted.find(([there]) => !there)?.[1] ?? null;
}
