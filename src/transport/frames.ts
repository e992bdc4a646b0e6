/** Messages as frames. What goes to several peers in turn is encoded once. */
import { encodeFrame, type Sender } from "../wire/message.ts";
import type { WireMessage } from "../wire/table.ts";

type Encoded = {
  readonly message: WireMessage;
  readonly sender: Sender;
  readonly body: Uint8Array | null;
  readonly frame: Uint8Array;
};

export class Frames {
  /** The last that was encoded. Nobody changes a message, or the content that goes with it. */
  #last: Encoded | null = null;

  /**
   * A frame of its own, since its age is written into it.
   * @throws RangeError where the wire cannot hold the message
   */
  of(message: WireMessage, sender: Sender, body: Uint8Array | null): Uint8Array {
    const last = this.#last;
    if (last?.message === message && last.sender === sender && last.body === body) {
      return last.frame.slice();
    }
    const frame = encodeFrame(message, sender, body);
    this.#last = { message, sender, body, frame };
    return frame;
  }
}
