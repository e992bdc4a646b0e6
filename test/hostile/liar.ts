/**
 * One that says what it likes: to a ring of real peers, by datagram or on a stream of its own. What the
 * encoder refuses is said all the same: marked values are exchanged for others in the bytes.
 */
import type { Socket, udp } from "bun";
import { type Member, makeMember, NO_INSTANCE } from "../../src/protocol/model/member.ts";
import type { Message } from "../../src/protocol/model/messages.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { decode, encode, encodeFrame, type Sender } from "../../src/wire/message.ts";
import type { WireMessage } from "../../src/wire/table.ts";

/** Stands for an incarnation in what is encoded; `u32` puts another number in its place. */
export const INCARNATION = 0x00_c0_ff_ee;
/** Stands for a counter. */
export const COUNTER = 0x0c_0f_fe_e0_0d;

/** Bytes that take the place of others of the same length. */
export type Swap = { readonly from: Uint8Array; readonly to: Uint8Array };

export function incarnation(value: number): Swap {
  return { from: whole(INCARNATION, 4), to: whole(value, 4) };
}

export function counter(value: number): Swap {
  return { from: whole(COUNTER, 8), to: whole(value, 8) };
}

/** A member's record as a liar makes it up. */
export function made(fields: Partial<Omit<Member, "hash">> & { readonly id: number }): Member {
  const known = { incarnation: 1, instance: NO_INSTANCE, state: "alive", address: "127.0.0.1:9" };
  return makeMember({ ...known, ...fields } as Omit<Member, "hash">);
}

export class Liar {
  /** Where it listens. */
  readonly address: string;
  /** What came back, by datagram or on any stream. */
  readonly heard: WireMessage[] = [];
  /** Who has said anything, by id. */
  readonly senders = new Map<number, Member>();
  /** Bytes that came back. */
  bytesHeard = 0;
  readonly #udp: udp.Socket<"uint8array">;
  readonly #streams = new Map<number, Socket<undefined>>();
  readonly #listener;
  readonly #sender: Sender;

  /** @param ring its number @param port its own @param as who it says it is */
  static async open(ring: number, port: number, as: Partial<Sender> = {}): Promise<Liar> {
    const liar: { made: Liar | null } = { made: null };
    const udp = await Bun.udpSocket({
      hostname: "127.0.0.1",
      port,
      binaryType: "uint8array",
      socket: { data: (_, bytes) => liar.made?.hear(bytes), error() {} },
    });
    liar.made = new Liar(ring, port, as, udp);
    return liar.made;
  }

  private constructor(
    ring: number,
    readonly port: number,
    as: Partial<Sender>,
    socket: udp.Socket<"uint8array">,
  ) {
    this.address = `127.0.0.1:${port}`;
    this.#udp = socket;
    this.#sender = {
      ring,
      id: port % 256,
      incarnation: 1,
      instance: "11".repeat(8),
      state: "alive",
      port,
      ...as,
    };
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port,
      socket: this.#handlers(),
    });
  }

  /** Sends a message by datagram. */
  datagram(to: number, message: Message, ...swaps: readonly Swap[]): void {
    this.raw(to, swapped(encode(message, this.#sender), swaps));
  }

  /** Sends bytes as a datagram. */
  raw(to: number, bytes: Uint8Array): void {
    this.#udp.send(bytes, to, "127.0.0.1");
  }

  /** Sends a message on a stream, after a hello, as peers do. */
  async stream(to: number, message: Message, ...swaps: readonly Swap[]): Promise<void> {
    const socket = this.#streams.get(to) ?? (await this.#connect(to));
    socket.write(swapped(encodeFrame(message, this.#sender), swaps));
    socket.flush();
  }

  close(): void {
    this.#udp.close();
    this.#listener.stop(true);
    for (const socket of this.#streams.values()) socket.terminate();
  }

  hear(bytes: Uint8Array): void {
    this.bytesHeard += bytes.length;
    const decoded = decode(bytes, "127.0.0.1", true);
    if ("error" in decoded) return;
    this.heard.push(decoded.message);
    this.senders.set(decoded.from.id, decoded.from);
  }

  async #connect(to: number): Promise<Socket<undefined>> {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port: to, socket: this.#handlers() });
    this.#streams.set(to, socket);
    socket.write(encodeFrame({ tag: "hello", beat: 1 }, this.#sender));
    return socket;
  }

  #handlers() {
    const readers = new WeakMap<object, FrameReader>();
    return {
      data: (socket: Socket<undefined>, bytes: Uint8Array) => {
        const reader = readers.get(socket) ?? new FrameReader();
        readers.set(socket, reader);
        reader.push(bytes);
        for (let frame = reader.next(); frame.kind === "message"; frame = reader.next())
          this.hear(frame.bytes);
      },
      error() {},
    };
  }
}

function whole(value: number, bytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer).slice(8 - bytes);
}

function swapped(bytes: Uint8Array, swaps: readonly Swap[]): Uint8Array {
  const text = Buffer.from(bytes);
  for (const { from, to } of swaps) {
    let at = text.indexOf(from);
    if (at < 0) throw new Error("what is to be exchanged is not there");
    for (; at >= 0; at = text.indexOf(from, at + from.length)) text.set(to, at);
  }
  return text;
}
