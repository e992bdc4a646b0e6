/**
 * While a simulated peer thinks, the real clock and real chance are out of its reach: whoever asks for
 * them there throws, since the run could not be played again.
 */
let depth = 0;
let installed = false;

/** Runs a simulated peer's step. @throws Error if it asks for the real time or for real chance */
export function sealed<T>(run: () => T): T {
  if (!installed) install();
  depth += 1;
  try {
    return run();
  } finally {
    depth -= 1;
  }
}

/** Wraps the sources of time and chance once; outside of a step they are what they were. */
function install(): void {
  installed = true;
  seal(Math, "random");
  seal(Date, "now");
  seal(performance, "now");
  seal(crypto, "getRandomValues");
  seal(crypto, "randomUUID");
  seal(globalThis, "setTimeout");
  seal(globalThis, "setInterval");
  seal(globalThis, "setImmediate");
  seal(globalThis, "queueMicrotask");
}

function seal<T extends object>(owner: T, name: keyof T & string): void {
  const original: unknown = owner[name];
  if (typeof original !== "function") return;
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => {
      if (depth > 0) throw new Error(`a simulated peer asked for ${name}`);
      return Reflect.apply(original, owner, args);
    },
  });
}
