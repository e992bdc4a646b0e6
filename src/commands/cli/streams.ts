/** Standard streams that cannot be used: above all those that a shell has closed, as with `>&-`. */
import { fstatSync, readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { Failure } from "../../protocol/model/failure.ts";

/** Of a descriptor that a program does not pass on to those that it starts (close-on-exec, as Linux has it). */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * True if a standard stream was closed at the start. The runtime opens the null device in its place, lest
 * the next file that is opened be taken for it, and so nothing that is written there fails. No descriptor
 * that was there before this program was has that flag; the runtime's own has. To be asked before the
 * stream is used. False where the system does not tell: only Linux does.
 */
export function wasClosed(descriptor: 0 | 1 | 2): boolean {
  try {
    const about = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
    const flags = /^flags:\s*([0-7]+)$/m.exec(about)?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) !== 0;
  } catch {
    return false;
  }
}

/**
 * What takes nothing, and has an error for each write. It goes on after that as a descriptor would: a
 * stream that is given its error by the write itself would take it for its end.
 */
export function closedOutput(): Writable {
  const output = new Writable({
    write: (_chunk, _encoding, done) => {
      output.emit("error", Object.assign(new Error("it is closed"), { code: "EBADF" }));
      done();
    },
  });
  return output;
}

/** @throws Failure if there is nothing to be read from standard input, ever */
export function checkInput(): void {
  if (wasClosed(0)) {
    throw new Failure("Standard input is closed: give what is to be stored, or name a file.");
  }
  if (fstatSync(0).isDirectory()) {
    throw new Failure("Standard input is a folder: only the bytes of a file can be stored.");
  }
}
