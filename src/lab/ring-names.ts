/**
 * The rings of this user that have names, so that any terminal finds them: a file for each, which counts as
 * long as its process lives. A number of a process is believed only with the time of its start.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  isLiving,
  processStart,
  readSmall,
  removeQuietly,
  replaceSmall,
  stateFolder,
  takeOwnFolder,
} from "../control/own.ts";
import { EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import { displayList } from "../terminal/display.ts";
import { livingRings } from "./ring-folder.ts";

/**
 * A ring that lives. `start` tells when its process started (`store/process.ts`), `dir` is its folder, `cwd` the
 * working folder of its peers.
 */
export type NamedRing = {
  readonly name: string;
  readonly pid: number;
  readonly start: string;
  readonly basePort: number;
  readonly dir: string;
  readonly cwd: string;
};

/** What a name's file says. */
type NameFile = NamedRing & { readonly v: 1 };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SUFFIX = ".json";
/** The name of a ring that was given none. */
export const DEFAULT_NAME = "ring";

/** @throws Failure if a name is none for a ring */
export function checkRingName(name: string): string {
  if (NAME.test(name)) return name;
  throw new Failure(
    "--name must be 1 to 64 letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
    EXIT_USAGE,
  );
}

/**
 * Takes a name for a ring of this process.
 * @param dir the ring's folder
 * @param cwd the working folder of its peers
 * @returns what gives it back; never throws
 * @throws Failure if a ring of that name lives, or the name cannot be kept
 */
export function takeRingName(
  name: string,
  { dir, cwd, basePort }: Pick<NamedRing, "dir" | "cwd" | "basePort">,
): () => void {
  const folder = namesFolder();
  try {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
    takeOwnFolder(folder);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`The names of rings cannot be kept in ${folder}: ${sentenceOf(error)}.`);
  }
  checkFreeName(name);
  const { pid } = process;
  const start = processStart(pid) ?? "";
  const file: NameFile = { v: 1, name, pid, start, basePort, dir, cwd };
  const path = join(folder, `${name}${SUFFIX}`);
  replaceSmall(path, `${JSON.stringify(file)}\n`);
  // Of two that took it in the same moment the later has it, and both see so.
  const now = read(folder, name);
  if (now !== null && now.pid !== pid) throw taken(now);
  return () => {
    if (read(folder, name)?.pid === pid) removeQuietly(path);
  };
}

/** @throws Failure if a ring of that name lives */
export function checkFreeName(name: string): void {
  const former = read(namesFolder(), name);
  if (former !== null) throw taken(former);
}

/** All that live, by name; what dead ones have left is removed. */
export function namedRings(): NamedRing[] {
  const folder = namesFolder();
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch {
    return [];
  }
  const names = files.filter((file) => file.endsWith(SUFFIX)).map((file) => basename(file, SUFFIX));
  return names
    .flatMap((name) => {
      const ring = read(folder, name);
      if (ring === null) removeQuietly(join(folder, `${name}${SUFFIX}`));
      return ring ?? [];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The ring that is meant: the one that is named, else the only one among those with names and those that run in
 * this folder.
 * @throws Failure if there is none (1), or several and none was named (2)
 */
export async function chooseRing(name: string | null): Promise<NamedRing> {
  const named = namedRings();
  if (name !== null) {
    const ring = named.find((one) => one.name === checkRingName(name));
    if (ring !== undefined) return ring;
    const others = named.length === 0 ? "none runs" : `there are ${sayNames(named)}`;
    throw new Failure(`No ring is named ${name}: ${others}.`);
  }
  const all = [...named, ...(await namelessHere(named))];
  const [ring, ...others] = all;
  if (ring === undefined) {
    throw new Failure("No ring runs: start one with p2p ring up -d, or p2p ring in this folder.");
  }
  if (others.length > 0) {
    throw new Failure(`Several rings run: choose with --name among ${sayNames(all)}.`, EXIT_USAGE);
  }
  return ring;
}

/** The rings in this folder that have no name: they are called by it and their base port. */
export async function namelessHere(named: readonly NamedRing[]): Promise<NamedRing[]> {
  const cwd = resolve(".");
  const here = await livingRings(cwd);
  return here
    .filter(({ dir }) => !named.some((ring) => ring.dir === dir))
    .map(({ dir, processFile: { pid, start, basePort } }) => {
      return { name: `:${basePort}`, pid, start, basePort, dir, cwd };
    });
}

function namesFolder(): string {
  return join(stateFolder(), "rings");
}

/** @returns null if there is none of that name, or its process has ended */
function read(folder: string, name: string): NamedRing | null {
  try {
    const value: unknown = JSON.parse(readSmall(join(folder, `${name}${SUFFIX}`)));
    if (!isNameFile(value) || value.name !== name) return null;
    const { pid, start, basePort, dir, cwd } = value;
    return isLiving(pid, start) ? { name, pid, start, basePort, dir, cwd } : null;
  } catch {
    return null;
  }
}

function isNameFile(value: unknown): value is NameFile {
  if (typeof value !== "object" || value === null) return false;
  const { v, pid, start, dir, cwd } = value as Partial<NameFile>;
  return (
    v === 1 && typeof pid === "number" && [start, dir, cwd].every((s) => typeof s === "string")
  );
}

function taken({ name, pid, cwd }: NamedRing): Failure {
  return new Failure(
    `A ring named ${name} runs in ${cwd}, as process ${pid}: stop it with p2p ring down ${name}, or choose another --name.`,
  );
}

function sayNames(rings: readonly NamedRing[]): string {
  return displayList(rings.map(({ name }) => name));
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
