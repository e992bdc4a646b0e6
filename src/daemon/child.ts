/** A ring's child must not outlive the ring, however that ends. */
import { dlopen, FFIType } from "bun:ffi";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * Ends this process with its parent: when its standard input ends, and on Linux by the kernel's
 * parent-death signal, which reaches a frozen process too.
 */
export function endWithParent(): void {
  dieWithParent();
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}

/** The second of these alone, for whoever reads its standard input itself, and ends when that does. */
export function dieWithParent(): void {
  const parent = process.ppid;
  if (process.platform === "linux") askForDeathSignal();
  // The parent may have gone before the kernel was asked.
  if (process.ppid !== parent) process.exit(1);
}

function askForDeathSignal(): void {
  for (const name of ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]) {
    try {
      const { symbols } = dlopen(name, {
        prctl: { args: [FFIType.i32, FFIType.u64], returns: FFIType.i32 },
      });
      symbols.prctl(PR_SET_PDEATHSIG, SIGKILL);
      return;
    } catch {
      // Another C library, or none: the end of standard input remains.
    }
  }
}
