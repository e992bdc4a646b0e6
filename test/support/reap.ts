/** Nothing that a test started or made outlives the tests, however they end. */

type Child = {
  readonly exited: Promise<unknown>;
  kill(signal: "SIGKILL"): void;
};

const left = new Set<() => void>();

/** Has something done when the tests end, whatever ends them. @returns what takes that back */
export function atEnd(clean: () => void): () => void {
  left.add(clean);
  return () => left.delete(clean);
}

/** Kills a child at the end if it still runs then. @returns it */
export function reaped<C extends Child>(child: C): C {
  const ended = atEnd(() => child.kill("SIGKILL"));
  child.exited.then(ended);
  return child;
}

function cleanUp(): void {
  for (const clean of left) {
    try {
      clean();
    } catch {
      // The others have to go all the same.
    }
  }
}

process.on("exit", cleanUp);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    cleanUp();
    process.kill(process.pid, signal);
  });
}
