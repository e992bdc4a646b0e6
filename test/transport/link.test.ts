/** What a link does with the beats of its connection, and with word that its address can be reached. */
import { afterEach, expect, test } from "bun:test";
import type { Unreachable } from "../../src/protocol/model/io.ts";
import { Beats, Echoes } from "../../src/transport/beats.ts";
import { callbacks, type Wire } from "../../src/transport/connection.ts";
import { Dialer } from "../../src/transport/dial.ts";
import {
  BEAT_MS,
  BEATS_REMEMBERED,
  CUT_MS,
  DIAL_OLD_MS,
  LATE_BEAT_MS,
  RENEW_MS,
  SILENCE_MS,
  STALL_MS,
} from "../../src/transport/limits.ts";
import { Link, type LinkOptions } from "../../src/transport/link.ts";
import { Names } from "../../src/transport/names.ts";
import { Outbox } from "../../src/transport/outbox.ts";
import { type Age, NO_AGE } from "../../src/wire/age.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { decode } from "../../src/wire/message.ts";
import { ack, closeAll, frameOf, HOST, Mailbox } from "./peer.ts";

afterEach(closeAll);

test("a frame is held for as old as it may be, never for younger", () => {
  // The two clocks are far apart: only durations count.
  const sender = 5_000_000;
  const receiver = 100;
  const beats = new Beats();
  const echoes = new Echoes();
  expect(echoes.heldMs(beats.age(sender), receiver)).toBeNull();

  const beat = beats.begin(sender, 0);
  echoes.sends(beat, receiver + 10);
  expect(beats.age(sender + 20)).toEqual(NO_AGE);
  // Its echo lies for 500 ms in a kernel.
  expect(beats.came(beat, sender + 510)).toBe(true);
  expect(echoes.heldMs(beats.age(sender + 700), receiver + 700)).toBe(500);
  expect(echoes.heldMs(beats.age(sender + 700), receiver + 30_700)).toBe(30_500);

  const next = beats.begin(sender + 1_000, 0);
  echoes.sends(next, receiver + 1_000);
  expect(beats.came(beat, sender + 1_001)).toBe(false);
  expect(beats.came(next, sender + 1_001)).toBe(true);
  expect(beats.came(next, sender + 1_002)).toBe(false);
  expect(echoes.heldMs(beats.age(sender + 1_001), receiver + 1_001)).toBe(1);
  // A receiver's clock that runs slower does not make it negative.
  expect(echoes.heldMs(beats.age(sender + 9_000), receiver + 8_990)).toBe(0);
});

test("an echo of long ago tells nothing", () => {
  const beats = new Beats();
  const echoes = new Echoes();
  const first = beats.begin(0, 0);
  echoes.sends(first, 0);
  beats.came(first, 1);
  const old = beats.age(2);
  for (let i = 1; i <= 300; i++) {
    const beat = beats.begin(i * BEAT_MS, 0);
    expect(beat).toBeWithin(1, 256);
    echoes.sends(beat, i * BEAT_MS);
    expect(beats.came(beat, i * BEAT_MS)).toBe(true);
    const known = echoes.heldMs(old, i * BEAT_MS) !== null;
    // A number comes again after 255 others; nothing is under way for so long.
    if (i < 255) expect(known).toBe(i < BEATS_REMEMBERED);
  }
});

test("a hello that does not come back is missed, with time for what was before it", () => {
  const beats = new Beats();
  const beat = beats.begin(0, 0);
  expect(beats.isDue(BEAT_MS + 1)).toBe(false);
  expect(beats.isStalled(STALL_MS)).toBe(false);
  expect(beats.isStalled(STALL_MS + 1)).toBe(true);
  beats.woke(60_000);
  expect(beats.isStalled(60_000)).toBe(false);
  beats.came(beat, 60_001);
  expect(beats.isStalled(10 * STALL_MS)).toBe(false);
  expect(beats.isDue(BEAT_MS)).toBe(true);
  beats.begin(100_000, 8 << 20);
  expect(beats.isStalled(100_000 + STALL_MS + 60_000)).toBe(false);
  expect(beats.isStalled(100_000 + STALL_MS + 70_000)).toBe(true);
});

test("frames that waited for a new connection tell no age on it", () => {
  const outbox = new Outbox(1_000_000);
  for (let request = 1; request <= 3; request++) {
    outbox.push(frameOf(ack(request)), { beat: 7, sinceMs: 100 });
  }
  const written: Uint8Array[] = [];
  let most = frameOf(ack(1)).length + 5;
  const socket = {
    write(bytes: Uint8Array) {
      const taken = Math.min(bytes.length, most);
      most -= taken;
      written.push(bytes.slice(0, taken));
      return taken;
    },
  } as unknown as Wire;
  outbox.flush(socket);
  // It breaks in the second frame, which goes out again whole.
  outbox.restart(frameOf({ tag: "hello", beat: 1 }));
  most = 1_000_000;
  const old = written.splice(0);
  outbox.flush(socket);
  const agesOf = (bytes: Uint8Array[]): Age[] => {
    const reader = new FrameReader();
    reader.push(Buffer.concat(bytes));
    const ages: Age[] = [];
    for (let next = reader.next(); next.kind === "message"; next = reader.next())
      ages.push(next.age);
    return ages;
  };
  expect(agesOf(old)).toEqual([{ beat: 7, sinceMs: 100 }]);
  expect(agesOf(written)).toEqual([NO_AGE, NO_AGE, NO_AGE]);
});

/** A listener that hands out what comes, and answers nothing by itself. */
function listen(): {
  address: string;
  frames: Mailbox<{ tag: string; beat: number }>;
  opened: Mailbox<Wire>;
  closed: Mailbox<true>;
  stop(): void;
} {
  const frames = new Mailbox<{ tag: string; beat: number }>();
  const opened = new Mailbox<Wire>();
  const closed = new Mailbox<true>();
  const reader = new FrameReader();
  const listener = Bun.listen({
    hostname: HOST,
    port: 0,
    socket: {
      binaryType: "uint8array",
      open: (socket) => opened.put(socket as unknown as Wire),
      data(_, bytes) {
        reader.push(bytes);
        for (let next = reader.next(); next.kind === "message"; next = reader.next()) {
          const decoded = decode(next.bytes, HOST);
          if ("error" in decoded) throw new Error(decoded.error);
          const { message } = decoded;
          frames.put({ tag: message.tag, beat: message.tag === "hello" ? message.beat : 0 });
        }
      },
      close: () => closed.put(true),
      error: () => closed.put(true),
    },
  });
  return {
    address: `${HOST}:${listener.port}`,
    frames,
    opened,
    closed,
    stop: () => listener.stop(true),
  };
}

function linkTo(address: string, dialer: LinkOptions["dialer"]) {
  const unreachable = new Mailbox<Unreachable>();
  const greeted = new Mailbox<number>();
  let dropped = 0;
  const link = new Link({
    address,
    dialer,
    hello: (beat) => frameOf({ tag: "hello", beat }),
    unreachable: (how) => unreachable.put(how),
    greeted: (by) => greeted.put(by.id),
    dropped: (frames) => {
      dropped += frames;
    },
    ended() {},
  });
  return { link, unreachable, greeted, dropped: () => dropped };
}

function realDialer(): Dialer {
  const handlers = callbacks((error) => {
    throw error;
  });
  return new Dialer({
    handlers,
    localHost: HOST,
    names: new Names(HOST),
    hasRoute: () => true,
    call: null,
    lockedOut() {},
    late() {},
  });
}

test("a link says hello again when the last one has come back, and is reset when it has not", async () => {
  const other = listen();
  const { link, unreachable, dropped } = linkTo(other.address, realDialer());
  link.send(frameOf(ack(1)));
  const socket = await other.opened.first();
  const first = await other.frames.first(({ tag }) => tag === "hello");
  await other.frames.first(({ tag }) => tag === "ack");
  const now = performance.now();
  link.sweep(now + BEAT_MS);
  expect(other.frames.seen.filter(({ tag }) => tag === "hello")).toHaveLength(1);

  socket.write(frameOf({ tag: "hello", beat: first.beat }));
  const second = other.frames.next(({ tag }) => tag === "hello");
  const sweeping = setInterval(() => link.sweep(now + BEAT_MS + 100), 5);
  expect((await second).beat).toBe(first.beat + 1);
  clearInterval(sweeping);
  link.sweep(now + BEAT_MS + STALL_MS);
  expect(unreachable.seen).toEqual([]);
  link.sweep(now + BEAT_MS + STALL_MS + 1_000);
  expect(unreachable.seen).toEqual(["timeout"]);
  await other.closed.first();
  expect(dropped()).toBe(0);
  other.stop();
});

test.each<[string, Uint8Array]>([
  ["a message", frameOf(ack(1))],
  ["a hello that was not sent", frameOf({ tag: "hello", beat: 9 })],
  ["garbage", new Uint8Array(60).fill(0xff)],
])("a link on which %s comes back is closed and dialled anew", async (_, bytes) => {
  const other = listen();
  const { link, dropped } = linkTo(other.address, realDialer());
  link.watch();
  const socket = await other.opened.first();
  await other.frames.first();
  const again = other.opened.next();
  socket.write(bytes);
  await again;
  expect(dropped()).toBe(1);
  link.unwatch();
  link.close();
  other.stop();
});

test("an address that is heard again is dialled at once", () => {
  const dials: ((how: Unreachable) => void)[] = [];
  let cancelled = 0;
  const { link } = linkTo("192.0.2.1:9", {
    dial(_address, _ear, done) {
      dials.push(done);
      return () => {
        cancelled++;
      };
    },
  });
  const now = performance.now();
  link.watch();
  link.heard(now);
  // The dial has only just begun.
  expect(dials).toHaveLength(1);
  link.heard(now + DIAL_OLD_MS + 1_000);
  expect(dials).toHaveLength(1);
  // After a silence it may wait for the system's next try.
  link.heard(now + DIAL_OLD_MS + 1_000 + SILENCE_MS + 1);
  expect([dials.length, cancelled]).toEqual([2, 1]);
  dials[1]?.("timeout");
  link.heard(now + 20_000);
  expect([dials.length, cancelled]).toEqual([3, 1]);
  dials[2]?.("timeout");
  link.heard(now + 20_010);
  expect(dials).toHaveLength(3);
  // Heard all the time: now and then.
  for (let ms = 0; ms < RENEW_MS - 100; ms += 100) link.heard(now + 20_010 + ms);
  expect(dials).toHaveLength(3);
  link.heard(now + 20_010 + RENEW_MS);
  expect(dials).toHaveLength(4);
  dials[3]?.("timeout");
  link.unwatch();
  link.heard(now + 40_000);
  expect(dials).toHaveLength(4);
});

test("a stream that was cut off with its address is dialled anew once that is heard again", async () => {
  const other = listen();
  const { link, unreachable } = linkTo(other.address, realDialer());
  link.watch();
  const socket = await other.opened.first();
  const { beat } = await other.frames.first();
  const now = performance.now();
  // Heard all the time, it may just be slow; and silent, it may have nothing to say.
  for (let ms = 0; ms < 2 * CUT_MS; ms += CUT_MS / 2) link.heard(now + ms);
  socket.write(frameOf({ tag: "hello", beat }));
  const second = other.frames.next();
  const sweeping = setInterval(() => link.sweep(now + 3 * CUT_MS), 5);
  await second;
  clearInterval(sweeping);
  link.heard(now + 3 * CUT_MS + LATE_BEAT_MS / 2);
  expect(other.opened.seen).toHaveLength(1);
  const again = other.opened.next();
  link.heard(now + 4 * CUT_MS + LATE_BEAT_MS);
  await again;
  expect(unreachable.seen).toEqual([]);
  link.unwatch();
  link.close();
  other.stop();
});
