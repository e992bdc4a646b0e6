/**
 * Streams of frames, whole and damaged, in whatever pieces. What must hold: however a stream is cut, the
 * same frames come out of it, and it is given up at the same place; a reader keeps no more than has
 * arrived; a connection hands over what its frames say, in order, and nothing after it was refused.
 */
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { type ConnectionHandler, IGNORING, type Wire } from "../../src/transport/connection.ts";
import { Inbound } from "../../src/transport/inbound.ts";
import { LENGTH_BYTES, PREFIX_BYTES, setAge, u32In } from "../../src/wire/age.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { MAX_FRAME } from "../../src/wire/limits.ts";
import { decode, encodeFrame, HEADER_BYTES } from "../../src/wire/message.ts";
import { WITH_BODY } from "../../src/wire/table.ts";
import { CONTENT, SENDER, VECTORS } from "../wire/vectors.ts";
import { damaged, joined } from "./bytes.ts";
import { type Target, tally } from "./target.ts";

const MOST_FRAMES = 8;
const CALLERS = 4;
const HOST = "127.0.0.1";
const LENGTHS = [0, 1, HEADER_BYTES - 1, MAX_FRAME, MAX_FRAME + 1, 0x7fffffff, 0xffffffff] as const;
const PIECES = [1, 2, 9, 40, 1_000, 1 << 20] as const;

const FRAMES = VECTORS.flatMap(({ message }) => {
  const alone = encodeFrame(message, SENDER);
  return WITH_BODY.has(message.tag) ? [alone, encodeFrame(message, SENDER, CONTENT)] : [alone];
});

export function openFrames(): Target {
  const did: Record<string, number> = {};
  const play = (seed: number): { why: string; stream: Uint8Array } | null => {
    const generator = new RandomGenerator(seed);
    for (let i = 0; i < 20; i++) generator.bits();
    const stream = drawStream(generator);
    tally(did, "streams");
    tally(did, "bytes", stream.length);
    const whole = cut(stream);
    tally(did, "frames", whole.frames.length);
    const why = asCut(generator, stream, whole) ?? asCalled(generator, stream);
    return why === null ? null : { why, stream };
  };
  return {
    did,
    run(seed) {
      const failed = play(seed);
      if (failed === null) return null;
      const { why, stream } = failed;
      return { why, reproduction: [stream.toHex()], kept: { seed, stream: stream.toHex() } };
    },
    replay(kept) {
      const { seed }: { seed: number } = JSON.parse(kept);
      return play(seed)?.why ?? null;
    },
  };
}

function drawStream(generator: RandomGenerator): Uint8Array {
  const frames = Array.from({ length: generator.between(1, MOST_FRAMES) }, () => {
    const frame = Uint8Array.from(generator.pick(FRAMES));
    setAge(frame, { beat: generator.below(256), sinceMs: generator.bits() });
    return frame;
  });
  const stream = joined(...frames);
  switch (generator.below(5)) {
    case 0:
      return damaged(generator, stream, joined(...FRAMES.slice(0, 3)));
    case 1: {
      const announced = new Uint8Array(PREFIX_BYTES);
      new DataView(announced.buffer).setUint32(0, generator.pick(LENGTHS));
      return joined(stream, announced, generator.pick(FRAMES));
    }
    case 2:
      return stream.slice(0, generator.below(stream.length));
    default:
      return stream;
  }
}

type Cut = { readonly frames: readonly string[]; readonly broken: boolean };

/** The frames of a stream, as its layout says. */
function cut(stream: Uint8Array): Cut {
  const frames: string[] = [];
  for (let at = 0; at + LENGTH_BYTES <= stream.length; ) {
    const length = u32In(stream, at);
    if (length < HEADER_BYTES || length > MAX_FRAME) return { frames, broken: true };
    const end = at + PREFIX_BYTES + length;
    if (end > stream.length) break;
    frames.push(stream.subarray(at + PREFIX_BYTES, end).toHex());
    at = end;
  }
  return { frames, broken: false };
}

/** The stream in pieces, in a buffer that the next piece overwrites. */
function* pieces(generator: RandomGenerator, stream: Uint8Array): Generator<Uint8Array> {
  const most = generator.pick(PIECES);
  const buffer = new Uint8Array(Math.min(most, stream.length) || 1);
  for (let at = 0; at < stream.length; ) {
    const piece = stream.subarray(at, at + generator.between(1, most));
    at += piece.length;
    buffer.fill(0xee);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

function asCut(generator: RandomGenerator, stream: Uint8Array, whole: Cut): string | null {
  const reader = new FrameReader();
  const frames: string[] = [];
  let arrived = 0;
  let broken = false;
  for (const piece of pieces(generator, stream)) {
    reader.push(piece);
    arrived += piece.length;
    for (let frame = reader.next(); frame.kind !== "more"; frame = reader.next()) {
      broken = frame.kind === "broken";
      if (frame.kind === "broken") break;
      frames.push(frame.bytes.toHex());
    }
    if (reader.buffered > arrived) return `${reader.buffered} bytes wait of ${arrived}`;
    if (broken) break;
  }
  const got = JSON.stringify({ frames, broken });
  return got === JSON.stringify(whole) ? null : `cut as ${got}, not as ${JSON.stringify(whole)}`;
}

/** A socket whose other end is this file. */
class FakeSocket {
  readonly remoteAddress = HOST;
  data: ConnectionHandler | null = null;
  open = true;

  terminate(): void {
    this.open = false;
  }

  end(): void {
    this.open = false;
  }

  write({ length }: Uint8Array): number {
    return length;
  }
}

function asCalled(generator: RandomGenerator, stream: Uint8Array): string | null {
  const said: string[] = [];
  let refused = 0;
  let fetches = 0;
  const inbound = new Inbound({
    most: generator.pick([1, 2, CALLERS]),
    admit: (bytes, host) => {
      const decoded = decode(bytes, host, true);
      if (!("error" in decoded)) return decoded;
      const later = decoded.later === undefined ? {} : { later: decoded.later };
      return { error: "malformed", ...later };
    },
    message: (_, message) => said.push(message.tag),
    isMember: () => false,
    crowded: () => {},
    hello: () => new Uint8Array(4),
    fetch: (socket) => {
      // It is another's from here on.
      socket.data = IGNORING;
      fetches += 1;
    },
    refused: () => {
      refused += 1;
    },
  });
  const sockets = Array.from({ length: generator.between(1, CALLERS) }, () => {
    const socket = new FakeSocket();
    // All that a caller asks of its socket.
    inbound.accept(socket as unknown as Wire);
    return socket;
  });
  const streams = sockets.map(() => pieces(generator, stream));
  const ended = new Set<number>();
  while (ended.size < sockets.length) {
    const which = generator.below(sockets.length);
    const next = streams[which]?.next();
    const socket = sockets[which];
    if (next === undefined || next.done === true || socket === undefined) {
      ended.add(which);
      continue;
    }
    if (socket.open) socket.data?.data(next.value);
    if (generator.below(64) === 0) inbound.sweep(performance.now());
  }
  for (const socket of sockets) if (socket.open) socket.data?.closed();
  inbound.close();
  if (inbound.size !== 0) return `${inbound.size} connections are left`;
  const most = sockets.length * cut(stream).frames.length;
  const all = said.length + fetches;
  return all > most || refused > most + sockets.length ? `${all} messages of ${most}` : null;
}
