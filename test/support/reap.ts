/** No process that a test started outlives the tests, however they end. */

type Child = {
  readonly pid: number;
  readonly exited: Promise<unknown>;
  kill(signal: "SIGKILL"): void;
};

const running = new Set<Child>();

/** Remembers a child for as long as it runs. @returns it */
export function reaped<C extends Child>(child: C): C {
  running.add(child);
  child.exited.then(() => running.delete(child));
  return child;
}

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

process.on("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    killAll();
    process.kill(process.pid, signal);
  });
}
