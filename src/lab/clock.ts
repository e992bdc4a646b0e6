/** The clock of the event streams: the system's time at the process's start, monotonic from there. */

/** Epoch milliseconds with fractions. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}

/** When this process started, in epoch milliseconds. */
export function processStartedAt(): number {
  return performance.timeOrigin;
}

/** Milliseconds since this process, and so the command, started. */
export function sinceStart(): number {
  return performance.now();
}
