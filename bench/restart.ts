/** A peer with many small files is killed and started again: how long until it is in its ring. */
import { join } from "node:path";
import { readLivingCard } from "../src/store/card.ts";
import { killChild, residentBytes } from "./children.ts";
import { BenchClient } from "./client.ts";
import type { Figures } from "./figures.ts";
import { IN_FLIGHT, KIB } from "./limits.ts";
import { makeFiles, store } from "./operations.ts";
import { run } from "./rates.ts";
import { startPeer } from "./ring.ts";

/** Fills a ring of one, since its peer alone decides how long its start takes. */
export async function measureRestart(
  program: readonly string[],
  dir: string,
  files: number,
  rounds: number,
  figures: Figures,
): Promise<void> {
  const cwd = join(dir, "restart");
  let peer = await startPeer(program, cwd, null);
  const client = await BenchClient.open(peer.status);
  const made = makeFiles(client, KIB, "restart", files);
  const filled = await run(files, IN_FLIGHT, store(client, made, 1));
  client.close();
  const perSecond = (files * 1_000) / filled.ms;
  figures.add(
    { bench: "fill one peer", bytes: KIB, inFlight: IN_FLIGHT },
    { operations: files, perSecond },
  );
  for (let round = 0; round < rounds; round++) {
    await killChild(peer.child);
    const start = performance.now();
    peer = await startPeer(program, cwd, null);
    const medianMs = performance.now() - start;
    const held = peer.status.files.count;
    if (held !== files) throw new Error(`${held} of ${files} files are there after the restart`);
    const grownBytes = residentBytes(peer.pid)?.now ?? null;
    figures.add(
      { bench: "restart", bytes: KIB, inFlight: 0 },
      { operations: files, medianMs, grownBytes },
    );
  }
  await killChild(peer.child);
  if (readLivingCard(join(cwd, "data")) !== null) throw new Error("the peer lives on");
}
