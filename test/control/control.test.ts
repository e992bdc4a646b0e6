import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import {
  ControlClosed,
  ControlRefused,
  controlClient,
  type Incoming,
} from "../../src/control/client.ts";
import type { LoggedEvent } from "../../src/control/types.ts";
import { landingFor, placeWritten } from "../../src/store/user-files.ts";
import { sha256, someBytes, temporaryFolder } from "../store/temporary.ts";
import { type FakePeer, fakePeer } from "./fake-host.ts";

const folder = temporaryFolder();
let peer: FakePeer;

beforeAll(async () => {
  peer = await fakePeer(join(folder.dir, "8"), 8);
});
afterAll(async () => {
  await peer.stop();
  folder.remove();
});

function raw(path: string, init: BunFetchRequestInit = {}): Promise<Response> {
  return fetch(`http://control${path}`, { ...init, unix: peer.control.path });
}

async function hashOf(incoming: Incoming): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  await incoming.read((piece) => void hasher.update(piece));
  return hasher.digest("hex");
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("the socket is its user's alone", () => {
  expect(statSync(peer.control.path).mode & 0o777).toBe(0o600);
});

test("status, with and without lookups", async () => {
  const client = controlClient(peer.dir);
  expect((await client.status()).self.id).toBe(8);
  expect((await client.status([7, 200])).lookups.map(({ key }) => key)).toEqual([7, 200]);
});

test("a typed line arrives as it is; more than one does not", async () => {
  const client = controlClient(peer.dir);
  await client.type("Store 2067");
  await client.type("größer\r\n");
  expect(peer.typed).toEqual(["Store 2067", "größer"]);
  await expect(client.type("Store 2067\nQuit")).rejects.toThrow("one line");
  await expect(client.type("x".repeat(100_000))).rejects.toThrow("one line");
  expect(peer.typed.length).toBe(2);
});

test("contents go in and out as they are, whatever their size", async () => {
  const client = controlClient(peer.dir);
  for (const size of [0, 1, 300_000, 5_000_000]) {
    const bytes = someBytes(size);
    const path = join(folder.dir, "upload");
    writeFileSync(path, bytes);
    peer.blind = true;
    expect((await client.store("2067", path)).kind).toBe("stored");
    peer.blind = false;
    const incoming = await client.request("2067");
    expect(incoming).toMatchObject({ size, sha256: sha256(bytes), from: 19, route: [8, 19] });
    expect(await hashOf(incoming)).toBe(sha256(bytes));
  }
  expect(readdirSync(peer.folder.spoolDir)).toEqual(["kept"]);
});

test("a large file is opened, and made, by the peer itself; a small one goes through the control socket", async () => {
  const client = controlClient(peer.dir);
  const path = join(folder.dir, "größer & kleiner?");
  const landing = landingFor(join(folder.dir, "landed #1"), "refuse");
  for (const size of [65_536, 65_537]) {
    const bytes = someBytes(size);
    writeFileSync(path, bytes);
    await client.store("4711", path);
    const found = await client.requestInto("4711", landing);
    expect(found).toMatchObject({ size, sha256: sha256(bytes), from: 19, route: [8, 19] });
    expect(found.read === null).toBe(size > 65_536);
    if (found.read === null) await placeWritten(landing, size);
    else await found.read(() => undefined);
  }
  expect(peer.touched.splice(0)).toEqual([path, landing.temporary]);
  expect(sha256(readFileSync(landing.path))).toBe(sha256(someBytes(65_537)));
  expect(statSync(landing.path).mode & 0o777).toBe(0o666 & ~process.umask());
});

test("a peer that cannot get at a file is sent its bytes, and sends them", async () => {
  const client = controlClient(peer.dir);
  const bytes = someBytes(300_000);
  const path = join(folder.dir, "unseen");
  writeFileSync(path, bytes);
  peer.blind = true;
  await client.store("4712", path);
  const found = await client.requestInto("4712", landingFor(join(folder.dir, "out"), "refuse"));
  peer.blind = false;
  if (found.read === null) throw new Error("it came by another way");
  expect(await hashOf({ ...found, read: found.read })).toBe(sha256(bytes));
  expect(peer.touched).toEqual([]);
});

test("names of all kinds travel whole", async () => {
  const client = controlClient(peer.dir);
  const path = join(folder.dir, "named");
  writeFileSync(path, "named");
  const names = [
    "a b",
    "ä/ö",
    "../../etc/passwd",
    "%2e%2e",
    "a?b#c",
    "\u{1f600}",
    "x".repeat(255),
    "-",
  ];
  for (const name of names) {
    await client.store(name, path);
    expect(peer.files.has(name)).toBe(true);
    expect(await hashOf(await client.request(name))).toBe(sha256(Buffer.from("named")));
  }
  expect((await client.list()).files.map(({ record }) => record.name)).toContain("ä/ö");
});

test("a content without an end announced comes whole, and one cut off does not", async () => {
  const client = controlClient(peer.dir);
  for (const size of [0, 1_000, 1_000_000]) {
    const bytes = someBytes(size);
    const stream = new Blob([bytes]).stream();
    expect((await client.store("piped", stream)).kind).toBe("stored");
    expect(peer.files.get("piped")).toEqual(Uint8Array.from(bytes));
  }
  const before = peer.files.size;
  const socket = openSocket(
    "PUT /files/cut HTTP/1.1\r\nHost: control\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
  );
  await until(() => peer.control.uploads === 1);
  socket.end();
  await until(() => peer.control.uploads === 0);
  expect(peer.files.size).toBe(before);
});

test("a file that changes while its bytes are sent does not arrive", async () => {
  const client = controlClient(peer.dir);
  const path = join(folder.dir, "changing");
  peer.blind = true;
  try {
    for (const change of [
      () => writeFileSync(path, "x", { flag: "r+" }),
      () => writeFileSync(path, "shorter"),
    ]) {
      writeFileSync(path, someBytes(30_000_000));
      utimesSync(path, 1, 1);
      const before = peer.files.size;
      const stored = client.store("2222", path);
      stored.catch(() => {});
      let at = await client.progress("2222");
      while ((at.bytes ?? 0) === 0) at = await client.progress("2222");
      expect(at.size).toBe(30_000_000);
      change();
      await expect(stored).rejects.toThrow(/changing changed while it was being stored/);
      await until(() => peer.control.uploads === 0);
      expect(peer.files.size).toBe(before);
    }
  } finally {
    peer.blind = false;
  }
  writeFileSync(path, someBytes(30_000_000, 3));
  const kept = await client.store("2222", path);
  expect(kept).toMatchObject({ record: { sha256: sha256(someBytes(30_000_000, 3)) } });
  peer.files.delete("2222");
});

test("a name can be removed, and asked for", async () => {
  const client = controlClient(peer.dir);
  peer.files.set("1111", someBytes(1_000));
  expect(await client.where("1111")).toMatchObject({ kind: "where", replicas: [19, 2, 4] });
  expect(await client.progress("1111")).toEqual({
    v: 1,
    bytes: 1_000,
    size: 300_000,
    doing: null,
  });
  expect(await client.remove("1111")).toMatchObject({ kind: "stored", record: { removed: true } });
  expect(await client.remove("1111")).toMatchObject({ kind: "missing", owner: 19 });
  expect(await client.where("1111")).toMatchObject({ kind: "where", record: null });
  expect(await client.scrub()).toMatchObject({ files: 120, damaged: [] });
});

test("what was refused and what may still appear are told apart, by status and kind", async () => {
  const client = controlClient(peer.dir);
  const path = join(folder.dir, "notes");
  await Bun.write(path, "notes");
  const url = (name: string) => `http://control/files/${name}`;
  const ways: [string, () => Promise<unknown>, () => Promise<Response>][] = [
    [
      "store",
      () => client.store("2068", path),
      () => fetch(url("2068"), { unix: peer.control.path, method: "PUT", body: "notes" }),
    ],
    [
      "remove",
      () => client.remove("2068"),
      () => fetch(url("2068"), { unix: peer.control.path, method: "DELETE" }),
    ],
  ];
  for (const [, byClient, byHand] of ways) {
    for (const [maybe, status, kind] of [
      [false, 409, "refused"],
      [true, 504, "unconfirmed"],
    ] as const) {
      peer.failing = { kind: "failed", why: "No.", maybe };
      const response = await byHand();
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({ error: "No.", kind, maybe });
      const error = await byClient().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ControlRefused);
      expect(error).toMatchObject({ message: "No.", kind });
    }
  }
  peer.failing = null;
});

test("copies can be required of a store and a removal", async () => {
  const client = controlClient(peer.dir);
  const path = join(folder.dir, "required");
  peer.required.length = 0;
  for (const size of [10, 300_000]) {
    await Bun.write(path, someBytes(size));
    await client.store("2069", path, 3);
    await client.store("2069", path);
  }
  await client.remove("2069", 1);
  expect(peer.required).toEqual([3, 0, 3, 0, 1]);
  for (const wrong of ["17", "-1", "x", ""]) {
    const url = `http://control/files/2069?require=${wrong}`;
    const response = await fetch(url, { unix: peer.control.path, method: "PUT", body: "x" });
    expect(response.status).toBe(400);
  }
});

test("a file that nobody has is said to be missing", async () => {
  const error = await controlClient(peer.dir)
    .request("4103")
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(ControlRefused);
  expect(error).toMatchObject({ kind: "not-found" });
  expect(String(error)).toContain("No peer holds 4103");
});

test("nonsense is refused in a sentence", async () => {
  const cases: [string, BunFetchRequestInit, number][] = [
    ["/", {}, 404],
    ["/nothing", { method: "DELETE" }, 404],
    ["/files/", {}, 404],
    ["/files/%", {}, 404],
    ["/files/%00", {}, 400],
    ["/files/%C2%80", {}, 400],
    ["/where/%C2%9B", {}, 400],
    ["/progress/%7F", {}, 400],
    [`/files/${"x".repeat(300)}`, { method: "PUT", body: "x" }, 400],
    ["/files/1111.conflict-1-2-3", { method: "PUT", body: "x" }, 400],
    ["/files/1111.conflict-0123456789abcdef-7", { method: "PUT", body: "x" }, 400],
    ["/files/1111", { method: "POST" }, 400],
    ["/files/1111?from=1111.pdf", { method: "POST" }, 400],
    ["/files/1111?into=1111.pdf", {}, 400],
    ["/status?lookup=1,x", {}, 400],
    ["/status?lookup=-1", {}, 400],
    [`/status?lookup=${"1,".repeat(300)}1`, {}, 400],
  ];
  for (const [path, init, status] of cases) {
    const response = await raw(path, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: expect.stringMatching(/^[A-Z].*\.$/) });
  }
});

test("an upload that is cut off leaves nothing and stores nothing", async () => {
  const before = peer.files.size;
  const socket = openSocket(
    "PUT /files/cut HTTP/1.1\r\nHost: control\r\nContent-Length: 1000000\r\n\r\n",
  );
  socket.write(someBytes(300_000));
  await until(() => peer.control.uploads === 1);
  socket.end();
  await until(() => peer.control.uploads === 0);
  expect(readdirSync(peer.folder.spoolDir).filter((name) => name.startsWith("upload-"))).toEqual(
    [],
  );
  expect(peer.files.size).toBe(before);
});

test("a reader that goes away half way leaves nothing behind", async () => {
  peer.files.set("5000", someBytes(5_000_000));
  const incoming = await controlClient(peer.dir).request("5000");
  const stop = new Error("enough");
  await expect(
    incoming.read(() => {
      throw stop;
    }),
  ).rejects.toBe(stop);
  expect(readdirSync(peer.folder.spoolDir)).toEqual(["kept"]);
});

test("every event comes, in order, from the moment the stream is open", async () => {
  const seen: LoggedEvent[] = [];
  const reader = await controlClient(peer.dir).events((event) => seen.push(event));
  for (let seq = 1; seq <= 500; seq++) peer.emit(seq, `größer ${"x".repeat(seq)}`);
  await until(() => seen.length === 500);
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  expect(seen[499]).toMatchObject({ event: "note", text: `größer ${"x".repeat(500)}` });
  reader.close();
  expect(await reader.ended).toBeNull();
  await until(() => peer.listeners() === 0);
});

test("a reader of events that is too slow is cut off, and told so", async () => {
  const response = await raw("/events");
  const body = response.body?.getReader();
  await body?.read();
  for (let seq = 1; peer.listeners() > 0 && seq < 100_000; seq++) {
    peer.emit(seq, "x".repeat(10_000));
    if (seq % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(peer.listeners()).toBe(0);
  let text = "";
  for (let step = await body?.read(); step?.done === false; step = await body?.read()) {
    text = (text + new TextDecoder().decode(step.value)).slice(-1_000);
  }
  expect(text.trimEnd().split("\n").at(-1)).toBe('{"v":1,"cut":"the reader was too slow"}');
});

test("a stream that ends with its peer says so", async () => {
  const other = await fakePeer(join(folder.dir, "9"), 9);
  const reader = await controlClient(other.dir).events(() => {});
  await other.stop();
  expect(await reader.ended).toContain("the peer is ending");
});

test("a peer that is not there is one sentence, at once", async () => {
  const client = controlClient(join(folder.dir, "nobody"));
  const tries = [client.status(), client.list(), client.type("x"), client.events(() => {})];
  for (const attempt of await Promise.allSettled([...tries, client.request("2067")])) {
    expect(attempt.status).toBe("rejected");
    if (attempt.status !== "rejected") continue;
    expect(attempt.reason).toBeInstanceOf(ControlClosed);
    expect(String(attempt.reason)).toContain("No peer answers in");
  }
});

test("a peer that does not answer is given up", async () => {
  const dir = join(folder.dir, "frozen");
  const frozen = await fakePeer(dir, 10);
  await frozen.control.close();
  const server = Bun.listen({ unix: frozen.control.path, socket: { data() {} } });
  await expect(controlClient(dir).status([], 50)).rejects.toThrow("does not answer");
  server.stop(true);
  await frozen.stop();
});

test("a control socket whose path would be too long is found all the same", async () => {
  const dir = join(folder.dir, "long".repeat(20), "path".repeat(20));
  const runtime = process.env["XDG_RUNTIME_DIR"];
  process.env["XDG_RUNTIME_DIR"] = folder.dir;
  const distant = await fakePeer(dir, 14);
  expect(Buffer.byteLength(distant.control.path)).toBeLessThanOrEqual(100);
  expect((await controlClient(dir).status()).self.id).toBe(14);
  expect(statSync(join(distant.control.path, "..")).mode & 0o777).toBe(0o700);
  await distant.stop();
  await expect(controlClient(dir).status()).rejects.toThrow("No peer answers");
  if (runtime === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = runtime;
});

/** A client that says what it likes. */
function openSocket(head: string) {
  const socket = createConnection(peer.control.path);
  socket.write(head);
  return {
    write: (bytes: Uint8Array) => void socket.write(bytes),
    end: () => void socket.destroy(),
  };
}
