/** A peer with many small files is killed and started again: how long until it is in its ring. */
import { join } from "node:path";
import { killChild, residentBytes } from "./children.ts";
import { BenchClient } from "./client.ts";
import type { Figures } from "./figures.ts";
import { IN_FLIGHT, KIB, PEERS } from "./limits.ts";
import { makeFiles, store } from "./operations.ts";
import { run } from "./rates.ts";
import { startPeer, startRing, stopRing, untilStatus } from "./ring.ts";

/** Fills a ring of three, each of which holds all, and kills the same of them again and again. */
export async function measureRestart(
  program: readonly string[],
  dir: string,
  files: number,
  rounds: number,
  figures: Figures,
): Promise<void> {
  // What fills it is no peer, and has no key.
  const lock = ["--insecure"];
  const ring = await startRing(program, join(dir, "restart"), PEERS, program, [], lock);
  const [first, second] = ring.peers;
  if (first === undefined || second === undefined) throw new Error("the ring is too small");
  const client = await BenchClient.open(first.status);
  const made = makeFiles(client, KIB, "restart", files);
  const filled = await run(files, IN_FLIGHT, store(client, made));
  client.close();
  const perSecond = (files * 1_000) / filled.ms;
  const fill = { bench: "fill a ring", bytes: KIB, inFlight: IN_FLIGHT };
  figures.add(fill, { operations: files, perSecond });
  const { host, port } = first.status.self;
  let { child } = second;
  for (let round = 0; round < rounds; round++) {
    await untilStatus(second.control, (status) => status.files.count === files);
    await killChild(child);
    const start = performance.now();
    const peer = await startPeer(program, second.cwd, `${host}:${port}`, lock);
    const inMs = performance.now() - start;
    child = peer.child;
    const held = peer.status.files.count;
    if (held !== files) throw new Error(`${held} of ${files} files are there after the restart`);
    // That all have their copies is known once it has compared with the others what they hold.
    await untilStatus(peer.control, (status) => status.files.short === 0);
    const safeMs = performance.now() - start;
    const grownBytes = residentBytes(peer.pid)?.most ?? null;
    const what = { bytes: KIB, inFlight: 0 };
    figures.add(
      { bench: "restart until in the ring", ...what },
      { operations: files, medianMs: inMs, grownBytes },
    );
    figures.add(
      { bench: "restart until all compared", ...what },
      { operations: files, medianMs: safeMs },
    );
  }
  await stopRing(ring);
  await killChild(child);
}
