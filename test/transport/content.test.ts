import { afterEach, describe, expect, test } from "bun:test";
import {
  type ContentSink,
  type ContentSource,
  FetchFailure,
  inlineHash,
} from "../../src/transport/types.ts";
import {
  callRaw,
  closeAll,
  deadPort,
  frameOf,
  HOST,
  Mailbox,
  openPeer,
  ping,
  RING,
} from "./peer.ts";

afterEach(closeAll);

const TICKET = { kind: "ticket", request: 5 } as const;
const MIB = 1 << 20;

/** Bytes that differ everywhere, so that no mix-up goes unseen. */
function content(size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2_654_435_761);
  return new Uint8Array(words.buffer, 0, size);
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

type Over = { ok: boolean; bytes: number; sha256: string | null };

/** @param known what the record says that it hashes to */
function sourceOf(
  bytes: Uint8Array,
  over = new Mailbox<Over>(),
  known: string | null = null,
): ContentSource {
  return {
    size: bytes.length,
    sha256: known,
    read(into, at) {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      return part.length;
    },
    done: (ok, sent, sha256) => over.put({ ok, bytes: sent, sha256 }),
  };
}

function collect(): ContentSink & { size: number; bytes(): Uint8Array; got: number } {
  const chunks: Uint8Array[] = [];
  return {
    size: -1,
    got: 0,
    open(size) {
      this.size = size;
    },
    write(chunk) {
      chunks.push(chunk);
      this.got += chunk.length;
    },
    bytes: () => Buffer.concat(chunks),
  };
}

/** A server in a process of its own, which sends some of `content` and then stops, until it is killed. */
async function spawnServer(size: number): Promise<{
  address: string;
  kill(): void;
  exited: Promise<number>;
}> {
  const program = `
    import { openPeer } from "${import.meta.dir}/peer.ts";
    const size = ${size};
    const peer = await openPeer(1, {
      open: () => ({
        size,
        sha256: null,
        read(into, at) {
          if (at > size / 2) return new Promise(() => {});
          const bytes = content(at + into.length).subarray(at);
          into.set(bytes);
          return bytes.length;
        },
        done() {},
      }),
    });
    console.log(peer.address);
    ${content.toString()}
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  const { value } = await child.stdout.getReader().read();
  return {
    address: new TextDecoder().decode(value).trim(),
    kill: () => child.kill("SIGKILL"),
    exited: child.exited,
  };
}

/** What a fetch fails with. */
async function troubleOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof FetchFailure)) throw new Error(`no FetchFailure: ${String(error)}`);
  expect(error.message).toMatch(/^[A-Z].*\.$/);
  return error.trouble;
}

describe("a content arrives whole", () => {
  test.each([0, 1, 1_000, 256 * 1024, 20 * MIB])("of %d bytes", async (size) => {
    const bytes = content(size);
    const over = new Mailbox<Over>();
    const asked = new Mailbox<{ offset: number; peer: number }>();
    const server = await openPeer(1, {
      open(source, offset, peer) {
        expect(source).toEqual(TICKET);
        asked.put({ offset, peer });
        return sourceOf(bytes, over);
      },
    });
    const taker = await openPeer(2);
    const sink = collect();
    const fetched = await taker.transport.fetch(server.address, TICKET, sink);
    expect(fetched).toEqual({ size, sha256: sha256(bytes) });
    expect(sink.size).toBe(size);
    expect(sha256(sink.bytes())).toBe(fetched.sha256);
    expect(await over.first()).toEqual({ ok: true, bytes: size, sha256: fetched.sha256 });
    expect(asked.seen).toEqual([{ offset: 0, peer: 2 }]);
    expect([...server.faults, ...taker.faults]).toEqual([]);
  });

  test("from itself", async () => {
    const bytes = content(MIB);
    const peer = await openPeer(1, { open: () => sourceOf(bytes) });
    const sink = collect();
    await peer.transport.fetch(peer.address, TICKET, sink);
    expect(sha256(sink.bytes())).toBe(sha256(bytes));
  });

  test("to a slow sink, which slows the sender", async () => {
    const bytes = content(80 * MIB);
    let sent = 0;
    const source = sourceOf(bytes);
    const server = await openPeer(1, {
      open: () => ({
        ...source,
        read(into, at) {
          sent = at;
          return source.read(into, at);
        },
      }),
    });
    const taker = await openPeer(2);
    const sink = collect();
    let ahead = 0;
    const slow: ContentSink = {
      open: (size) => sink.open(size),
      async write(chunk) {
        for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
        ahead = Math.max(ahead, sent - sink.got);
        await sink.write(chunk);
      },
    };
    const fetched = await taker.transport.fetch(server.address, TICKET, slow);
    expect(fetched.sha256).toBe(sha256(bytes));
    expect(sha256(sink.bytes())).toBe(fetched.sha256);
    // What is between them is in the two sockets' buffers, of up to 36 MiB on Linux, and does not grow with the content.
    expect(ahead).toBeLessThan(40 * MIB);
  }, 60_000);

  test("from a slow source, and from an offset with the hash of what was there", async () => {
    const bytes = content(3 * MIB);
    const offset = MIB + 12_345;
    const source = sourceOf(bytes);
    const server = await openPeer(1, {
      open: () => ({
        ...source,
        async read(into, at) {
          await new Promise((resolve) => setImmediate(resolve));
          return source.read(into.subarray(0, 100_000), at);
        },
      }),
    });
    const taker = await openPeer(2);
    const hash = inlineHash();
    hash.update(bytes.subarray(0, offset));
    const sink = collect();
    const fetched = await taker.transport.fetch(server.address, TICKET, sink, { offset, hash });
    expect(fetched).toEqual({ size: bytes.length, sha256: sha256(bytes) });
    expect(sink.got).toBe(bytes.length - offset);
  });

  test("several at a time", async () => {
    const bytes = content(2 * MIB);
    const server = await openPeer(1, { open: () => sourceOf(bytes) });
    const taker = await openPeer(2);
    const fetches = Array.from({ length: 8 }, () =>
      taker.transport.fetch(server.address, TICKET, collect()),
    );
    for (const fetched of await Promise.all(fetches)) {
      expect(fetched.sha256).toBe(sha256(bytes));
    }
  });
});

test("a big content delays no message", async () => {
  const bytes = content(64 * MIB);
  const server = await openPeer(1, { open: () => sourceOf(bytes) });
  const taker = await openPeer(2);
  const fetch = taker.transport.fetch(server.address, TICKET, { open() {}, write() {} });
  let answered = 0;
  let over = false;
  fetch.finally(() => {
    over = true;
  });
  while (!over) {
    const next = server.heard.next();
    taker.transport.send(server.address, "datagram", ping(answered++));
    await next;
    // Bun reads datagrams until there are none: one that is sent from within a read keeps it there.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await fetch;
  expect(answered).toBeGreaterThan(10);
});

describe("a fetch fails, and says how", () => {
  test("refused", async () => {
    const server = await openPeer(1, { open: () => ({ refused: "no such file" }) });
    const taker = await openPeer(2);
    const fetch = taker.transport.fetch(server.address, TICKET, collect());
    expect(await troubleOf(fetch)).toBe("refused");
    expect(fetch).rejects.toThrow("no such file");
  });

  test.each([
    [0, MIB],
    [MIB + 5, 3 * MIB - 1],
    [2 * MIB, 100 * MIB],
    [7, 7],
  ])("a part of it, from %d to before %d", async (offset, until) => {
    const bytes = content(4 * MIB);
    const over = new Mailbox<Over>();
    const asked = new Mailbox<{ source: unknown; offset: number }>();
    const server = await openPeer(1, {
      open(source, from) {
        asked.put({ source, offset: from });
        return sourceOf(bytes, over, sha256(bytes));
      },
    });
    const taker = await openPeer(2);
    const sink = collect();
    const write = { name: "film", operation: { origin: "00".repeat(8), number: 1 } } as const;
    const source = { kind: "write", write: { ...write, sha256: sha256(bytes) } } as const;
    const options = { offset, until, size: bytes.length };
    const fetched = await taker.transport.fetch(server.address, source, sink, options);
    expect(fetched).toEqual({ size: bytes.length, sha256: "" });
    const part = bytes.subarray(offset, until);
    expect(sha256(sink.bytes())).toBe(sha256(part));
    expect(await over.first()).toEqual({ ok: true, bytes: part.length, sha256: null });
    expect(asked.seen).toEqual([{ source, offset }]);
    expect([...server.faults, ...taker.faults]).toEqual([]);
  });

  test("a part that is given up, or comes too slowly", async () => {
    const bytes = content(4 * MIB);
    const over = new Mailbox<Over>();
    const server = await openPeer(1, {
      open: () => ({
        ...sourceOf(bytes, over),
        read: (into, at) => (at < MIB ? into.length : new Promise<number>(() => {})),
      }),
    });
    const taker = await openPeer(2);
    const write = { name: "film", operation: { origin: "00".repeat(8), number: 1 } } as const;
    const source = { kind: "write", write: { ...write, sha256: "00".repeat(32) } } as const;
    const sink = collect();
    const slow = taker.transport.fetch(server.address, source, sink, {
      until: 2 * MIB,
      stallMs: 50,
    });
    expect(await troubleOf(slow)).toBe("broken");
    expect(sink.got).toBe(MIB);
    const giving = new AbortController();
    const { signal } = giving;
    const given = taker.transport.fetch(server.address, source, collect(), { until: 9, signal });
    giving.abort();
    expect(await troubleOf(given)).toBe("local");
  });

  test("an offset behind the end", async () => {
    const over = new Mailbox<Over>();
    const server = await openPeer(1, { open: () => sourceOf(content(10), over) });
    const taker = await openPeer(2);
    const fetch = taker.transport.fetch(server.address, TICKET, collect(), { offset: 11 });
    expect(await troubleOf(fetch)).toBe("refused");
    expect(await over.first()).toEqual({ ok: false, bytes: 0, sha256: null });
  });

  test("nobody listens", async () => {
    const taker = await openPeer(2);
    const dead = `${HOST}:${await deadPort()}`;
    expect(await troubleOf(taker.transport.fetch(dead, TICKET, collect()))).toBe("unreachable");
    expect(await taker.unreachable.first()).toEqual({
      address: dead,
      how: "refused",
      broke: false,
    });
  });

  test("a source that ends early, or throws", async () => {
    const bytes = content(MIB);
    const over = new Mailbox<Over>();
    for (const broken of [() => 0, () => Promise.reject(new Error("a bad disk"))]) {
      const source = sourceOf(bytes, over);
      const server = await openPeer(1, {
        open: () => ({
          ...source,
          read: (into, at) => (at < bytes.length / 2 ? source.read(into, at) : broken()),
        }),
      });
      const taker = await openPeer(2);
      const fetch = taker.transport.fetch(server.address, TICKET, collect());
      expect(await troubleOf(fetch)).toBe("broken");
    }
    expect(over.seen.map(({ ok }) => ok)).toEqual([false, false]);
  });

  test("the sender dies in the middle", async () => {
    const bytes = content(8 * MIB);
    const server = await openPeer(1, { open: () => sourceOf(bytes) });
    const taker = await openPeer(2);
    const sink = collect();
    const fetch = taker.transport.fetch(server.address, TICKET, {
      open: (size) => sink.open(size),
      write(chunk) {
        if (sink.got === 0) server.transport.close();
        return sink.write(chunk);
      },
    });
    expect(await troubleOf(fetch)).toBe("broken");
    expect(sink.got).toBeLessThan(bytes.length);
  });

  test("a sink that throws, or rejects", async () => {
    const over = new Mailbox<Over>();
    const server = await openPeer(1, { open: () => sourceOf(content(20 * MIB), over) });
    const taker = await openPeer(2);
    for (const write of [
      () => {
        throw new Error("disk full");
      },
      () => Promise.reject(new Error("disk full")),
    ]) {
      const fetch = taker.transport.fetch(server.address, TICKET, { open() {}, write });
      expect(await troubleOf(fetch)).toBe("local");
      expect(fetch).rejects.toThrow("disk full");
    }
    await over.first();
    expect(over.seen.every(({ ok }) => !ok)).toBe(true);
  });

  test("given up", async () => {
    const server = await openPeer(1, { open: () => sourceOf(content(20 * MIB)) });
    const taker = await openPeer(2);
    const giveUp = new AbortController();
    const sink: ContentSink = { open() {}, write: () => giveUp.abort() };
    const { signal } = giveUp;
    const fetch = taker.transport.fetch(server.address, TICKET, sink, { signal });
    expect(await troubleOf(fetch)).toBe("local");
    const again = taker.transport.fetch(server.address, TICKET, sink, { signal });
    expect(await troubleOf(again)).toBe("local");
  });

  const head = frameOf({ tag: "content", size: 3 });
  const raw = Uint8Array.of(1, 2, 3);
  const wrongEnd = frameOf({ tag: "content-end", sha256: "ab".repeat(32) });
  test.each<[string, string, Uint8Array[]]>([
    ["a hash that does not match", "mismatch", [head, raw, wrongEnd]],
    ["too few bytes", "broken", [head, raw.subarray(1)]],
    ["no end", "broken", [head, raw]],
    ["too many bytes", "mismatch", [head, raw, raw, wrongEnd]],
    ["another ring", "broken", [frameOf({ tag: "content", size: 3 }, RING + 1)]],
    ["another message", "broken", [frameOf({ tag: "ack", request: 1 })]],
    ["garbage", "broken", [new Uint8Array(100).fill(255)]],
    ["nothing", "broken", []],
  ])("%s", async (_, trouble, answer) => {
    const listener = Bun.listen({
      hostname: HOST,
      port: 0,
      socket: {
        data(socket) {
          for (const bytes of answer) socket.write(bytes);
          socket.end();
        },
      },
    });
    const taker = await openPeer(2);
    const fetch = taker.transport.fetch(`${HOST}:${listener.port}`, TICKET, collect());
    expect(await troubleOf(fetch)).toBe(trouble);
    listener.stop(true);
  });

  test.each([2, 4, 2 ** 40])("another size than was announced: %d", async (size) => {
    const listener = Bun.listen({
      hostname: HOST,
      port: 0,
      socket: { data: (socket) => void socket.write(frameOf({ tag: "content", size })) },
    });
    const taker = await openPeer(2);
    const sink = collect();
    const fetch = taker.transport.fetch(`${HOST}:${listener.port}`, TICKET, sink, { size: 3 });
    expect(await troubleOf(fetch)).toBe("broken");
    expect([sink.size, sink.got]).toEqual([-1, 0]);
    listener.stop(true);
  });
});

describe("the taker has the last word", () => {
  const bytes = content(3 * MIB);
  const right = sha256(bytes);
  const damaged = bytes.slice();
  damaged[MIB] = (damaged[MIB] ?? 0) ^ 1;

  test("a copy whose hash is known is not hashed by its server", async () => {
    const over = new Mailbox<Over>();
    const server = await openPeer(1, { open: () => sourceOf(bytes, over, right) });
    const taker = await openPeer(2);
    const fetched = await taker.transport.fetch(server.address, TICKET, collect());
    expect(fetched.sha256).toBe(right);
    expect(await over.first()).toEqual({ ok: true, bytes: bytes.length, sha256: null });
  });

  test.each([0, MIB + 5])("a damaged copy is found out, from %d on", async (offset) => {
    const over = new Mailbox<Over>();
    const server = await openPeer(1, { open: () => sourceOf(damaged, over, right) });
    const taker = await openPeer(2);
    const hash = inlineHash();
    hash.update(damaged.subarray(0, offset));
    const fetch = taker.transport.fetch(server.address, TICKET, collect(), { offset, hash });
    expect(await troubleOf(fetch)).toBe("mismatch");
    expect(await over.first()).toEqual({
      ok: false,
      bytes: damaged.length - offset,
      sha256: sha256(damaged),
    });
  });

  test("a good copy is not blamed for what another server sent before", async () => {
    const over = new Mailbox<Over>();
    const server = await openPeer(1, { open: () => sourceOf(bytes, over, right) });
    const taker = await openPeer(2);
    const hash = inlineHash();
    const offset = 2 * MIB;
    hash.update(damaged.subarray(0, offset));
    const fetch = taker.transport.fetch(server.address, TICKET, collect(), { offset, hash });
    expect(await troubleOf(fetch)).toBe("mismatch");
    expect(await over.first()).toEqual({ ok: false, bytes: MIB, sha256: right });
  });

  const verdict = (sha: string | null): Uint8Array => frameOf({ tag: "content-end", sha256: sha });
  test.each<[string, boolean, Uint8Array]>([
    ["the right hash", true, verdict(right)],
    ["no hash", false, verdict(null)],
    ["another message", false, frameOf({ tag: "ack", request: 1 })],
    ["too much", false, Buffer.concat([verdict(right), Uint8Array.of(0)])],
    ["garbage", false, new Uint8Array(64).fill(255)],
    ["nothing", false, new Uint8Array(0)],
  ])("%s", async (_, ok, word) => {
    const over = new Mailbox<Over>();
    const server = await openPeer(1, { open: () => sourceOf(bytes, over, right) });
    let got = 0;
    const end = frameOf({ tag: "content-end", sha256: right }).length;
    const whole = frameOf({ tag: "content", size: bytes.length }).length + bytes.length + end;
    const socket = await Bun.connect({
      hostname: HOST,
      port: server.transport.port,
      socket: {
        data(taker, chunk) {
          got += chunk.length;
          if (got < whole) return;
          taker.write(word);
          taker.end();
        },
      },
    });
    socket.write(frameOf({ tag: "fetch", source: TICKET, offset: 0 }));
    expect(await over.first()).toEqual({ ok, bytes: bytes.length, sha256: null });
    expect(server.faults).toEqual([]);
  });
});

test("a transfer that breaks goes on from another server, with what is there", async () => {
  const bytes = content(20 * MIB);
  const over = new Mailbox<Over>();
  const first = await spawnServer(bytes.length);
  const second = await openPeer(2, { open: () => sourceOf(bytes, over, sha256(bytes)) });
  const taker = await openPeer(3);
  const hash = inlineHash();
  const sink = collect();
  const broken = taker.transport.fetch(
    first.address,
    TICKET,
    {
      open: (size) => sink.open(size),
      // A sink that is still at work while the connection breaks.
      async write(chunk) {
        if (sink.got > 5 * MIB) first.kill();
        await new Promise((resolve) => setImmediate(resolve));
        await sink.write(chunk);
      },
    },
    { hash },
  );
  expect(await troubleOf(broken)).toBe("broken");
  await first.exited;
  const offset = sink.got;
  expect(offset).toBeGreaterThan(5 * MIB);
  expect(offset).toBeLessThan(bytes.length);

  const fetched = await taker.transport.fetch(second.address, TICKET, sink, { offset, hash });
  expect(fetched).toEqual({ size: bytes.length, sha256: sha256(bytes) });
  expect(sha256(sink.bytes())).toBe(fetched.sha256);
  expect(await over.first()).toEqual({ ok: true, bytes: bytes.length - offset, sha256: null });
});

test("a taker that goes away, or talks in between, ends the serving", async () => {
  const over = new Mailbox<Over>();
  const server = await openPeer(1, { open: () => sourceOf(content(20 * MIB), over) });
  const raw = await callRaw(server.transport.port);
  raw.write(frameOf({ tag: "fetch", source: TICKET, offset: 0 }));
  await raw.got.first();
  raw.write(Uint8Array.of(1));
  expect((await over.first()).ok).toBe(false);
});

test("a closed transport ends its fetches and servings", async () => {
  const over = new Mailbox<Over>();
  const server = await openPeer(1, { open: () => sourceOf(content(20 * MIB), over) });
  const taker = await openPeer(2);
  const { promise: stuck, resolve: reached } = Promise.withResolvers<void>();
  const fetch = taker.transport.fetch(server.address, TICKET, {
    open() {},
    write() {
      reached();
      return new Promise(() => {});
    },
  });
  await stuck;
  const trouble = troubleOf(fetch);
  taker.transport.close();
  expect(await trouble).toBe("local");
  expect((await over.first()).ok).toBe(false);
});
