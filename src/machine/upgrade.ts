/** Puts another version of the program in the place of this one, in one step, and keeps the former. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { inTime } from "../control/waiting.ts";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode, removeQuietly } from "../store/durable.ts";
import { quote } from "../terminal/words.ts";
import { START_MS } from "./limits.ts";
import { programFrom } from "./release.ts";

/** What a program says of itself, as far as it is told here. */
type Told = { readonly version: string; readonly commit: string | null };

/** What was done: the program's path, what it was and what it is. */
export type Upgraded = {
  readonly program: string;
  readonly former: string;
  readonly before: Told;
  readonly now: Told;
  /** It was that very program already. */
  readonly same: boolean;
};

/** Where the former one is kept. */
const formerOf = (program: string): string => `${program}.old`;

/**
 * @param from see `programFrom`
 * @throws Failure, and all is as it was
 */
export async function upgrade(from: string, platform: string, before: Told): Promise<Upgraded> {
  const program = ownPath();
  const { program: bytes } = await programFrom(from, platform);
  const former = formerOf(program);
  const fresh = `${program}.new-${process.pid}`;
  try {
    write(fresh, bytes);
    const now = await startedOnce(fresh);
    const same = Buffer.from(await Bun.file(program).bytes()).equals(bytes);
    if (!same) replace(program, fresh, former);
    return { program, former, before, now, same };
  } finally {
    removeQuietly(fresh);
  }
}

/**
 * Has the former program in the place of this one, and this one as the former: done twice, all is as it was.
 * @throws Failure if there is none, or it does not start
 */
export async function rollback(before: Told): Promise<Upgraded> {
  const program = ownPath();
  const former = formerOf(program);
  if (!existsSync(former)) {
    throw new Failure(`There is no ${former}: nothing was replaced by p2p upgrade here.`);
  }
  const now = await startedOnce(former);
  const aside = `${program}.new-${process.pid}`;
  try {
    attempt(program, () => {
      linkSync(former, aside);
      replace(program, aside, former);
    });
  } finally {
    removeQuietly(aside);
  }
  return { program, former, before, now, same: false };
}

/** At each moment there is a program at that path, and the former one is there before it is replaced. */
function replace(program: string, fresh: string, former: string): void {
  attempt(program, () => {
    const kept = `${former}-${process.pid}`;
    removeQuietly(kept);
    linkSync(program, kept);
    renameSync(kept, former);
    renameSync(fresh, program);
  });
}

/** The file of this program. @throws Failure if it is none that can be replaced here */
function ownPath(): string {
  const compiled = /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
  if (!compiled) {
    throw new Failure("This p2p runs from its source: there is no program to be replaced.");
  }
  const program = realpathSync(process.execPath);
  if (/[\\/]node_modules[\\/]/.test(program)) {
    throw new Failure(`${program} was put there by npm: have npm replace it.`);
  }
  attempt(program, () => accessSync(dirname(program), constants.W_OK));
  return program;
}

function write(path: string, bytes: Uint8Array): void {
  attempt(path, () => {
    removeQuietly(path);
    const file = openSync(path, "wx", 0o755);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Whatever the mask takes away: it has to start.
    chmodSync(path, 0o755);
  });
}

function attempt(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${path} cannot be written (${errorCode(error)}): run this as whoever installed it, or install it elsewhere.`,
    );
  }
}

/** What does not start here takes nobody's place. */
async function startedOnce(path: string): Promise<Told> {
  const failure = (why: string) =>
    new Failure(`The new program does not start here (${why}): nothing was replaced.`);
  const child = (() => {
    try {
      return Bun.spawn([path, "--version", "--json"], { stdin: "ignore", stderr: "ignore" });
    } catch (error) {
      throw failure(errorCode(error));
    }
  })();
  try {
    const said = await inTime(child.stdout.text(), START_MS, () => failure("it says nothing"));
    // One that knows no --json says its version alone.
    if (/^\d+\.\d+\.\d+\S*\n$/.test(said)) return { version: said.trim(), commit: null };
    const { version, commit }: Told = JSON.parse(said);
    return { version, commit };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw failure(`it is no p2p, as far as ${quote(path)} tells`);
  } finally {
    child.kill("SIGKILL");
  }
}
