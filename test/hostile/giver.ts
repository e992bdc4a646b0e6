/** One that is asked for contents and gives what it likes, or asks for them and takes them as it likes. */
import type { Socket, TCPSocketListener } from "bun";
import { PREFIX_BYTES } from "../../src/wire/age.ts";
import { decode, encodeFrame, type Sender } from "../../src/wire/message.ts";
import type { WireMessage } from "../../src/wire/table.ts";

export type Taker = Socket<undefined>;

export class Giver {
  readonly address: string;
  /** How often it was asked, and is asked still: each is a slot of somebody's. */
  asked = 0;
  readonly open = new Set<Taker>();
  readonly #listener: TCPSocketListener<undefined>;
  readonly #sender: Sender;

  /** @param give is called with whoever asks; `again` whenever more can be written */
  constructor(
    ring: number,
    port: number,
    give: (taker: Taker, say: (message: WireMessage) => void) => void,
    again: (taker: Taker) => void = () => {},
  ) {
    this.address = `127.0.0.1:${port}`;
    const instance = "11".repeat(8);
    this.#sender = { ring, id: 200, incarnation: 1, instance, state: "alive", port };
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (taker: Taker, bytes: Uint8Array) => {
          const asked = decode(bytes.subarray(PREFIX_BYTES), "127.0.0.1");
          if ("error" in asked || asked.message.tag !== "fetch") return;
          this.asked += 1;
          this.open.add(taker);
          give(taker, (message) => taker.write(encodeFrame(message, this.#sender)));
        },
        drain: again,
        close: (taker: Taker) => void this.open.delete(taker),
        error() {},
      },
    });
  }

  /** Asks a peer for a content, in the name of who listens at `port`, and reads nothing of it. */
  async take(
    from: number,
    fetch: Extract<WireMessage, { tag: "fetch" }>,
    port: number,
  ): Promise<void> {
    const taker = await Bun.connect({
      hostname: "127.0.0.1",
      port: from,
      socket: { data() {}, error() {}, close: (closed: Taker) => void this.open.delete(closed) },
    });
    this.open.add(taker);
    taker.pause();
    taker.write(encodeFrame(fetch, { ...this.#sender, port }));
  }

  close(): void {
    this.#listener.stop(true);
    for (const taker of this.open) taker.terminate();
  }
}
