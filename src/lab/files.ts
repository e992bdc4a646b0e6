/** Stores the test files in a ring, and reads them back through every peer. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ControlRefused } from "../control/client.ts";
import { inTime } from "../control/waiting.ts";
import { EXIT_INCONCLUSIVE, Failure } from "../protocol/model/failure.ts";
import { type Corpus, contentOf, drawFiles, sha256, type TestFile } from "./corpus.ts";
import { READ_AGAIN_MS, READ_MS } from "./limits.ts";
import type { Watch } from "./watch.ts";

/** A file that was acknowledged, and what it must hash to. */
export type StoredFile = TestFile & { readonly sha256: string };

/** A read that did not give back what was stored. */
export type Loss = { readonly file: string; readonly peer: number; readonly why: string };

/** How many files were read back through how many peers, and what was amiss. */
export type ReadBack = { readonly reads: number; readonly losses: readonly Loss[] };

/**
 * Stores them through one peer after the other.
 * @param spool a folder for the contents on their way
 * @throws Failure (3) if one was not acknowledged
 */
export async function storeFiles(
  watch: Watch,
  ids: readonly number[],
  seed: number,
  spool: string,
  corpus: Corpus = {},
): Promise<StoredFile[]> {
  const stored: StoredFile[] = [];
  const taken = new Set([...(await namesIn(watch, ids)), ...(corpus.avoid ?? [])]);
  for (const [index, file] of drawFiles(seed, taken, corpus).entries()) {
    const id = ids[index % ids.length] ?? 0;
    const content = contentOf(file);
    const path = join(spool, file.name);
    await writeFile(path, content);
    try {
      const outcome = await watch.control(id)?.store(file.name, path);
      if (outcome?.kind !== "stored") throw new Error(sayOutcome(outcome));
    } catch (error) {
      throw new Failure(
        `File ${file.name} could not be stored through peer ${id}: ${why(error)}`,
        3,
      );
    }
    stored.push({ ...file, sha256: sha256(content) });
  }
  return stored;
}

/** Reads every file back from every peer. Never rejects: a read that fails is a loss. */
export async function readBack(
  watch: Watch,
  ids: readonly number[],
  files: readonly StoredFile[],
): Promise<ReadBack> {
  // One file at a time at each peer, each at another file.
  const losses = await Promise.all(
    ids.map(async (id, offset) => {
      const found: Loss[] = [];
      for (let i = 0; i < files.length; i++) {
        const file = files[(i + offset) % files.length];
        if (file === undefined) continue;
        const why = await readOne(watch, id, file);
        if (why !== null) found.push({ file: file.name, peer: id, why });
      }
      return found;
    }),
  );
  return { reads: ids.length * files.length, losses: losses.flat() };
}

/** Names that the ring has: a file of someone else's is not to be replaced. */
export async function namesIn(watch: Watch, ids: readonly number[]): Promise<Set<string>> {
  const control = watch.control(ids[0] ?? 0);
  try {
    const { files } = (await control?.list()) ?? { files: [] };
    return new Set(files.map((file) => file.record.name));
  } catch (error) {
    throw new Failure(
      `The files of the ring could not be listed: ${why(error)}`,
      EXIT_INCONCLUSIVE,
    );
  }
}

/**
 * Reads a file from a peer. What cannot be read just now, as peers of a busy machine do not answer in time,
 * is tried again, as the peer says. Never rejects.
 * @returns what was amiss, or null
 */
export async function readOne(watch: Watch, id: number, file: StoredFile): Promise<string | null> {
  const end = performance.now() + READ_MS;
  for (;;) {
    const amiss = await readOnce(watch, id, file);
    if (amiss === null || !amiss.isPassing || performance.now() > end) return amiss?.why ?? null;
    await Bun.sleep(READ_AGAIN_MS);
  }
}

/** `isPassing`: nothing was read, and that may be otherwise in a moment. */
type Amiss = { readonly why: string; readonly isPassing: boolean };

async function readOnce(watch: Watch, id: number, file: StoredFile): Promise<Amiss | null> {
  const control = watch.control(id);
  if (control === undefined) return { why: "the peer has ended", isPassing: false };
  const hash = createHash("sha256");
  let bytes = 0;
  const read = async (): Promise<void> => {
    const incoming = await control.request(file.name);
    await incoming.read((piece) => {
      hash.update(piece);
      bytes += piece.length;
      return undefined;
    });
  };
  try {
    await inTime(read(), READ_MS, () => new Error(`nothing whole came in ${READ_MS / 1000} s`));
  } catch (error) {
    const isPassing = error instanceof ControlRefused && ["failed", "busy"].includes(error.kind);
    return { why: why(error), isPassing };
  }
  if (bytes !== file.size) return { why: `${bytes} bytes came, of ${file.size}`, isPassing: false };
  if (hash.digest("hex") === file.sha256) return null;
  return { why: "its content is another one", isPassing: false };
}

function sayOutcome(outcome: { kind: string; why?: string } | undefined): string {
  if (outcome === undefined) return "the peer has ended";
  return outcome.why ?? `the answer was "${outcome.kind}"`;
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
