import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Arrivals } from "../../../src/daemon/contents/arrivals.ts";
import { Bodies, SentBodies } from "../../../src/daemon/contents/bodies.ts";
import { Commands } from "../../../src/daemon/contents/commands.ts";
import { Contents } from "../../../src/daemon/contents/contents.ts";
import { EarlyCopies } from "../../../src/daemon/contents/early.ts";
import { Moving } from "../../../src/daemon/contents/moving.ts";
import { Offers } from "../../../src/daemon/contents/offers.ts";
import { GATHER_BYTES, STRIPE_BYTES } from "../../../src/daemon/limits.ts";
import type { PeerEvent } from "../../../src/protocol/model/events.ts";
import { writeId } from "../../../src/protocol/model/files.ts";
import { type Folder, openFolder } from "../../../src/store/folder.ts";
import { RateLimiter } from "../../../src/store/rate-limiter.ts";
import { deliver } from "../../../src/store/user-files.ts";
import { FetchFailure, type Transport } from "../../../src/transport/types.ts";
import { recordOf } from "../../store/records.ts";
import { sha256, someBytes, temporaryFolder } from "../../store/temporary.ts";

/** A content is begun from all that hold it, and ended with the one that serves the request. */

const temporary = temporaryFolder();
const bytes = someBytes(GATHER_BYTES + 2 * STRIPE_BYTES + 77);
const record = recordOf("film", bytes, 1);
const flipped = bytes.slice();
// In the second stripe, which is not that of whoever serves the request.
flipped[STRIPE_BYTES + 5] = (flipped[STRIPE_BYTES + 5] ?? 0) ^ 1;
const copy = join(temporary.dir, "copy");

const ASKED = { kind: "request", name: "film", key: 19 } as const;

/** What each has, or how it fails; and what it was asked for, and by what. */
const replicas = new Map<string, Uint8Array | FetchFailure>();
const asked: { from: string; kind: string; offset: number; part: boolean }[] = [];
/** What those heard that do not serve the request. */
const told: string[] = [];
const events: PeerEvent[] = [];
let knowsParts = true;
let folder: Folder;
let contents: Contents;
let commands: Commands;

const fetch: Transport["fetch"] = async (from, source, sink, options = {}) => {
  const { offset = 0, until, hash } = options;
  asked.push({ from, kind: source.kind, offset, part: until !== undefined });
  const has = replicas.get(from) ?? new FetchFailure("Nobody is there.", "unreachable");
  if (has instanceof FetchFailure) throw has;
  if (until !== undefined && !knowsParts) throw new FetchFailure("It hung up.", "broken");
  await sink.open(has.length);
  for (let at = offset; at < (until ?? has.length); at += 1 << 19) {
    const piece = has.slice(at, Math.min(until ?? has.length, at + (1 << 19)));
    if (until === undefined) await hash?.update(piece);
    await sink.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const came = until === undefined ? ((await hash?.digest()) ?? "") : "";
  if (source.kind === "write" && until === undefined) told.push(came);
  return { size: has.length, sha256: came };
};

beforeAll(async () => {
  folder = await openFolder(join(temporary.dir, "8"));
  commands = new Commands(() => {});
  const common = {
    ...{ folder, commands, rateLimiter: new RateLimiter(1e12), moving: new Moving(), cwd: "" },
    ...{ arrivals: new Arrivals(), early: new EarlyCopies(folder.files), bodies: new Bodies() },
    sent: new SentBodies(),
    self: () => ({ id: 8, address: "8" }),
    report: (event: PeerEvent) => void events.push(event),
    ...{ served: () => {}, spoilt: () => {}, damaged: () => {}, transport: { fetch } },
  };
  contents = new Contents({ ...common, offers: new Offers(common) });
});
beforeEach(() => {
  replicas.clear();
  asked.length = 0;
  told.length = 0;
  events.length = 0;
});
afterAll(async () => {
  await contents.close();
  await folder.close();
  temporary.remove();
});

/** Peer 2 serves a request; 3 and 4 hold the write as well. */
function request() {
  const command = commands.begin(ASKED, {
    ...{ name: "film", ended: () => {} },
    deliver: () => deliver(copy, "replace", { hash: false }),
  });
  const others = [3, 4].map((id) => ({ id, address: String(id) }));
  return contents.fetch({
    ...{ type: "fetch", job: 1, file: "film", from: "2", peer: 2, repair: false },
    ...{ source: { kind: "ticket", request: 5 }, size: bytes.length },
    into: { kind: "deliver", command, sha256: record.sha256 },
    alternatives: { write: writeId(record), replicas: others },
  });
}

const good = { ok: true, size: bytes.length, sha256: record.sha256 } as const;
const wholes = () => asked.filter(({ part }) => !part);
const moved = () =>
  events.flatMap((event) => (event.event === "transfer" ? [[event.from, event.bytes]] : []));

test("all bring a part, and whoever serves the request hears what it came to", async () => {
  for (const id of ["2", "3", "4"]) replicas.set(id, bytes);
  expect(await request()).toEqual(good);
  expect(sha256(readFileSync(copy))).toBe(record.sha256);
  expect(wholes()).toEqual([{ from: "2", kind: "ticket", offset: bytes.length, part: false }]);
  const byPeer = moved();
  expect(byPeer.map(([from]) => from).sort()).toEqual([2, 2, 3, 4]);
  expect(byPeer.reduce((sum, [, some]) => sum + (some ?? 0), 0)).toBe(bytes.length);
});

test("where whoever serves it is gone, another one ends it", async () => {
  for (const id of ["3", "4"]) replicas.set(id, bytes);
  expect(await request()).toEqual({ ...good, from: 3 });
  expect(wholes()).toEqual([{ from: "3", kind: "write", offset: bytes.length, part: false }]);
});

test("those that know of no parts are asked for the whole, as before", async () => {
  replicas.set("2", bytes);
  knowsParts = false;
  expect(await request()).toEqual(good);
  knowsParts = true;
  expect(asked.filter(({ part }) => part).map(({ from }) => from)).toEqual(["2", "3", "4"]);
  expect(wholes()).toEqual([{ from: "2", kind: "ticket", offset: 0, part: false }]);
});

test("a copy that is damaged elsewhere costs a second fetch, from the one that serves it alone", async () => {
  for (const id of ["2", "3", "4"]) replicas.set(id, id === "2" ? bytes : flipped);
  expect(await request()).toEqual(good);
  expect(sha256(readFileSync(copy))).toBe(record.sha256);
  const end = { kind: "write", offset: bytes.length, part: false };
  expect(wholes()).toEqual([
    { ...end, from: "2", kind: "ticket" },
    { ...end, from: "3" },
    { ...end, from: "4" },
    { from: "2", kind: "ticket", offset: 0, part: false },
  ]);
  // They hear what it came to, which is not what they promised.
  expect(told.map((hash) => hash === record.sha256)).toEqual([false, false]);
});
