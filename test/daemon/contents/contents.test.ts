import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Arrivals } from "../../../src/daemon/contents/arrivals.ts";
import { Bodies, SentBodies } from "../../../src/daemon/contents/bodies.ts";
import { Commands } from "../../../src/daemon/contents/commands.ts";
import { Contents } from "../../../src/daemon/contents/contents.ts";
import { EarlyCopies } from "../../../src/daemon/contents/early.ts";
import { Moving } from "../../../src/daemon/contents/moving.ts";
import { Offers } from "../../../src/daemon/contents/offers.ts";
import type { PeerEvent } from "../../../src/protocol/model/events.ts";
import { type FileRecord, writeId } from "../../../src/protocol/model/files.ts";
import type { Effect } from "../../../src/protocol/model/io.ts";
import { type Folder, openFolder } from "../../../src/store/folder.ts";
import { RateLimiter } from "../../../src/store/rate-limiter.ts";
import { deliver } from "../../../src/store/user-files.ts";
import { FetchFailure, type Transport } from "../../../src/transport/types.ts";
import { recordOf, removalOf } from "../../store/records.ts";
import { sha256, someBytes, temporaryFolder } from "../../store/temporary.ts";

/** What becomes of contents that come whole, break off, go on elsewhere, or are not what they should be. */

const temporary = temporaryFolder();
const landing = join(temporary.dir, "landing");
const bytes = someBytes(1_000_000);
const hash = sha256(bytes);
const record: FileRecord = recordOf("film", bytes, 1);

/** How the next fetches go: what the sender has, and after how many bytes it breaks off. */
const senders: { content: Uint8Array; breaksAt: number }[] = [];
const asked: number[] = [];
const events: PeerEvent[] = [];
const spoilt: number[] = [];
const bodies = new Bodies();
let folder: Folder;
let contents: Contents;
let offers: Offers;
let commands: Commands;
let early: EarlyCopies;

const transport = {
  fetch: async (_from, _source, sink, options) => {
    const { offset = 0, hash } = options ?? {};
    const sender = senders.shift();
    if (sender === undefined || hash === undefined) throw new Error("nobody was to be asked");
    asked.push(offset);
    await sink.open(sender.content.length);
    for (let at = offset; at < sender.content.length; at += 50_000) {
      if (at >= sender.breaksAt) throw new FetchFailure("It broke off.", "broken");
      const piece = sender.content.slice(at, at + 50_000);
      await hash.update(piece);
      await sink.write(piece);
    }
    return { size: sender.content.length, sha256: await hash.digest() };
  },
} as Pick<Transport, "fetch">;

beforeAll(async () => {
  mkdirSync(landing);
  folder = await openFolder(join(temporary.dir, "8"));
  early = new EarlyCopies(folder.files);
  const common = {
    ...{ folder, rateLimiter: new RateLimiter(1e12), moving: new Moving(), cwd: landing },
    arrivals: new Arrivals(),
    early,
    self: () => ({ id: 8, address: "127.0.0.1:1" }),
    report: (event: PeerEvent) => void events.push(event),
    served: () => {},
    spoilt: (request: number) => void spoilt.push(request),
    damaged: () => {},
    ...{ transport, bodies, sent: new SentBodies() },
  };
  commands = new Commands(() => {});
  offers = new Offers({ ...common, commands });
  contents = new Contents({ ...common, commands, offers });
});
afterEach(() => {
  expect(senders.splice(0)).toEqual([]);
  asked.length = 0;
  events.length = 0;
});
afterAll(async () => {
  await contents.close();
  await folder.close();
  temporary.remove();
});

type FetchEffect = Extract<Effect, { type: "fetch" }>;

function fetchInto(into: FetchEffect["into"]) {
  return contents.fetch({
    ...{
      type: "fetch",
      job: 1,
      file: "film",
      from: "127.0.0.1:2",
      peer: 9,
      alternatives: null,
      repair: false,
    },
    ...{ source: { kind: "ticket", request: 5 }, size: bytes.length, into },
  });
}

const ASKED = { kind: "list" } as const;

/** A command whose content goes to a file of this name. */
function command(name: string): number {
  const path = join(landing, name);
  return commands.begin(ASKED, {
    ...{ name, brings: null, ended: () => {} },
    deliver: () => deliver(path, "replace", { hash: false }),
  });
}

const whole = { content: bytes, breaksAt: Number.POSITIVE_INFINITY };
const broken = { ok: false, why: "It broke off.", here: false } as const;
const good = { ok: true, size: bytes.length, sha256: hash } as const;

test("a delivery goes on from the byte it reached, however often it breaks", async () => {
  const into = { kind: "deliver", command: command("on"), sha256: hash } as const;
  senders.push({ content: bytes, breaksAt: 200_000 }, { content: bytes, breaksAt: 0 });
  senders.push({ content: bytes, breaksAt: 700_000 }, whole);
  for (let i = 0; i < 3; i++) expect(await fetchInto(into)).toEqual(broken);
  expect(await fetchInto(into)).toEqual(good);
  expect(asked).toEqual([0, 200_000, 200_000, 700_000]);
  const moved = events.map((event) => (event.event === "transfer" ? event.bytes : 0));
  expect(moved).toEqual([200_000, 0, 500_000, 300_000]);
  expect(sha256(readFileSync(join(landing, "on")))).toBe(hash);
});

test("a copy goes on as well, and only with the very same write", async () => {
  const into = { kind: "store", record, sha256: hash, shared: false } as const;
  senders.push({ content: bytes, breaksAt: 400_000 }, whole, whole);
  expect(await fetchInto(into)).toEqual(broken);
  const newer = recordOf("film", bytes, 2, [record.version]);
  expect(await fetchInto({ ...into, record: newer })).toEqual(good);
  expect(asked).toEqual([0, 0]);
  expect(folder.files.winner("film")?.version.counter).toBe(2);
  expect(await fetchInto(into)).toEqual(good);
  expect(asked).toEqual([0, 0, 400_000]);
});

test("what was copied while it was hashed is kept without asking anybody, and served from there", async () => {
  const again = recordOf("film", bytes, 3, [record.version]);
  const copy = early.begin("film");
  await copy?.write(bytes.slice());
  copy?.ready(hash);
  const into = { kind: "store", record: again, sha256: hash, shared: true } as const;
  const kept = fetchInto(into);
  offers.serve(11, { kind: "arriving", job: 1 });
  const source = offers.openFor({ kind: "ticket", request: 11 }, 0, 9);
  if ("refused" in source) throw new Error(source.refused);
  const part = new Uint8Array(1_000);
  expect(await source.read(part, 500_000)).toBe(1_000);
  expect(part).toEqual(bytes.slice(500_000, 501_000));
  source.done(true, bytes.length, hash);
  expect(await kept).toEqual(good);
  expect(folder.files.winner("film")?.version.counter).toBe(3);
  const moved = events.map((event) => (event.event === "transfer" ? event.to : null));
  expect([asked, moved]).toEqual([[], [9, 8]]);
});

test("what a command brings is told to be spoilt when a taker finds it so, by whatever way", async () => {
  let isSpoilt = false;
  const brings = { open: () => null, sha256: hash, wrong: () => {}, spoilt: () => isSpoilt };
  const number = commands.begin(ASKED, { name: "film", brings, deliver: null, ended: () => {} });
  offers.serve(7, { kind: "command", command: number });
  const ticket = { kind: "ticket", request: 7 } as const;
  const into = { kind: "store", record, sha256: hash, shared: true } as const;
  const own = {
    type: "fetch",
    job: 2,
    file: "film",
    peer: 8,
    alternatives: null,
    repair: false,
    size: 5,
  } as const;
  const bring = () => contents.fetch({ ...own, from: "127.0.0.1:1", source: ticket, into });
  expect(offers.openFor(ticket, 0, 9)).toEqual({ refused: "It is not served here." });
  expect(await bring()).toMatchObject({ ok: false });
  expect(spoilt).toEqual([]);
  isSpoilt = true;
  offers.openFor(ticket, 0, 9);
  expect(await bring()).toMatchObject({ ok: false });
  expect(spoilt.splice(0)).toEqual([7, 7]);
});

test("what a command brings goes on to be given when it has ended well, and ends when it has not", async () => {
  const open = () => ({ size: 5, read: () => 5, close: () => {} });
  const brings = { open, sha256: hash, wrong: () => {}, spoilt: () => false };
  for (const [request, kind, given] of [
    [8, "failed", 0],
    [9, "placed", 5],
  ] as const) {
    const number = commands.begin(ASKED, { name: "film", brings, deliver: null, ended: () => {} });
    offers.serve(request, { kind: "command", command: number });
    const opened = offers.open({ kind: "ticket", request });
    expect(await opened?.content.read(new Uint8Array(5), 0)).toBe(5);
    const how = { why: "", maybe: true, owner: 8, route: [] };
    commands.end(number, { kind, ...how });
    expect(await opened?.content.read(new Uint8Array(5), 0)).toBe(given);
  }
});

test("parts that do not fit together are thrown away, and fetched anew once", async () => {
  const other = someBytes(bytes.length, 99);
  const into = { kind: "deliver", command: command("mixed"), sha256: hash } as const;
  senders.push({ content: other, breaksAt: 200_000 }, whole, whole);
  expect(await fetchInto(into)).toEqual(broken);
  expect(await fetchInto(into)).toEqual(good);
  expect(asked).toEqual([0, 200_000, 0]);
  expect(sha256(readFileSync(join(landing, "mixed")))).toBe(hash);
  senders.push({ ...whole, content: other });
  const wrong = await fetchInto({ ...into, command: command("wrong") });
  expect(wrong).toMatchObject({ ok: false, here: false });
  expect(readdirSync(landing).filter((name) => name.includes("wrong"))).toEqual([]);
});

test("what broke off goes when its command ends, and stays out of the way of a content without a hash", async () => {
  const number = command("left");
  const into = { kind: "deliver", command: number, sha256: hash } as const;
  senders.push({ content: bytes, breaksAt: 500_000 });
  expect(await fetchInto(into)).toEqual(broken);
  commands.end(number, { kind: "failed", why: "Nobody has it.", maybe: false });
  const unknown = { kind: "deliver", command: command("unknown"), sha256: null } as const;
  senders.push({ content: bytes, breaksAt: 500_000 }, whole);
  expect(await fetchInto(unknown)).toEqual(broken);
  expect(await fetchInto(unknown)).toEqual(good);
  expect(asked).toEqual([0, 0, 0]);
  await contents.close();
  expect(readdirSync(landing).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("others may have a copy while it comes in, and nothing of one that does not come in whole", async () => {
  const take = async (job: number): Promise<Uint8Array | null> => {
    offers.serve(job, { kind: "arriving", job });
    const source = offers.openFor({ kind: "ticket", request: job }, 0, 9);
    if ("refused" in source) throw new Error(source.refused);
    const into = new Uint8Array(source.size);
    let at = 0;
    for (let read = 1; at < into.length && read > 0; at += read) {
      read = await source.read(into.subarray(at), at);
    }
    source.done(at === into.length, at, null);
    return at === into.length ? into : null;
  };
  const bring = (job: number, counter: number) =>
    contents.fetch({
      ...{
        type: "fetch",
        job,
        file: "film",
        from: "127.0.0.1:2",
        peer: 9,
        alternatives: null,
        repair: false,
      },
      ...{ source: { kind: "ticket", request: 5 }, size: bytes.length },
      into: {
        kind: "store",
        record: recordOf("coming", bytes, counter),
        sha256: hash,
        shared: true,
      },
    });
  senders.push({ content: bytes, breaksAt: 900_000 }, whole);
  const first = bring(21, 1);
  const cut = take(21);
  expect(await first).toMatchObject({ ok: false, here: false });
  expect(await cut).toBeNull();
  const second = bring(22, 2);
  const taken = take(22);
  expect(await second).toMatchObject({ ok: true });
  expect(sha256((await taken) ?? new Uint8Array())).toBe(hash);
  expect(sha256((await take(22)) ?? new Uint8Array())).toBe(hash);
});

test("a small content that came with a message is kept, and delivered, from memory", async () => {
  const small = someBytes(1_000, 3);
  const body = bodies.keep(small);
  expect(body).toMatchObject({ size: 1_000, sha256: sha256(small) });
  expect(contents.bodyOf({ kind: "body", number: body.number })).toEqual(small);
  const kept = recordOf("small", small, 1);
  const bring = (number: number, into: FetchEffect["into"]) =>
    contents.fetch({
      ...{
        type: "fetch",
        job: 1,
        file: "small",
        from: "127.0.0.1:2",
        peer: 9,
        alternatives: null,
        repair: false,
      },
      ...{ source: { kind: "body", number }, size: 1_000, into },
    });
  const stored = { kind: "store", record: kept, sha256: body.sha256, shared: false } as const;
  const result = { ok: true, size: 1_000, sha256: body.sha256 } as const;
  expect(await bring(body.number, stored)).toEqual(result);
  const write = { kind: "write", write: writeId(kept) } as const;
  expect(contents.bodyOf(write)).toEqual(Uint8Array.from(small));
  const into = { kind: "deliver", command: command("small"), sha256: null } as const;
  expect(await bring(body.number, into)).toEqual(result);
  expect(sha256(readFileSync(join(landing, "small")))).toBe(body.sha256);
  expect(await bring(99_999, into)).toMatchObject({ ok: false, here: false });
  expect(contents.bodyOf({ kind: "body", number: 99_999 })).toBeNull();
});

test("a removal takes the place of what is held", async () => {
  const removed = removalOf("film", 9, [record.version]);
  expect(await contents.mergeRecord(removed)).toMatchObject({ ok: true, size: 0 });
  expect(folder.files.winner("film")?.removed).toBe(true);
});

test("the oldest small contents go where there are too many, or too large", async () => {
  const first = bodies.keep(someBytes(10));
  for (let i = 0; i < 260; i++) bodies.keep(someBytes(65_536, i));
  expect(bodies.get(first.number)).toBeNull();
  const last = bodies.keep(someBytes(10));
  expect(bodies.get(last.number)).not.toBeNull();
});
