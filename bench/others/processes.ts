/** What it takes to run the processes of another system. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { reaped } from "../children.ts";
import { LOOK_MS, START_MS } from "../limits.ts";

/** Starts a program in a folder of its own, where what it says is kept. */
export function startIn(cwd: string, command: readonly string[]): Bun.Subprocess {
  mkdirSync(cwd, { recursive: true });
  const out = Bun.file(join(cwd, "out.txt"));
  return reaped(
    Bun.spawn([...command], {
      cwd,
      stdin: "ignore",
      stdout: out,
      stderr: Bun.file(join(cwd, "err.txt")),
    }),
  );
}

/** So many TCP ports that are free just now. */
export function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () =>
    Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }),
  );
  const ports = listeners.map(({ port }) => port);
  for (const listener of listeners) listener.stop(true);
  return ports;
}

/** Tries until it works. @throws Error, the last one, if that takes too long */
export async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  const from = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() - from > START_MS) throw error;
      await Bun.sleep(LOOK_MS * 10);
    }
  }
}
