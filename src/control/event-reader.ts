/** The reading end of a peer's event stream. */

import { call, peerEnded } from "./call.ts";
import { HELLO_MS, MAX_EVENT_BYTES } from "./limits.ts";
import { readEvent, type ShownEvent } from "./shown.ts";
import type { EventCut, EventHello, LoggedEvent } from "./types.ts";
import { inTime } from "./waiting.ts";

export type EventReader = {
  /** Resolves when the stream has ended: null if it was closed here, else a sentence that says why. */
  readonly ended: Promise<string | null>;
  /** Ends the stream; no event comes after. */
  close(): void;
};

/**
 * Reads a peer's events until it ends or `close` is called.
 * @param onEvent called for each, in order; it must not throw
 * @returns resolves when every event from then on will come
 * @throws ControlClosed if the peer is not there, ControlRefused if too many read already
 */
export async function readEvents(
  dir: string,
  onEvent: (event: LoggedEvent) => void,
): Promise<EventReader> {
  const response = await call(dir, "/events", {}, HELLO_MS);
  if (response.body === null) throw peerEnded(dir);
  const reader = response.body.getReader();
  let open = true;
  let cut: string | null = null;
  let greet: () => void = () => {};
  const hello = new Promise<void>((resolve) => {
    greet = resolve;
  });
  const take = (line: string): void => {
    const said = JSON.parse(line) as ShownEvent | EventHello | EventCut;
    if ("hello" in said) greet();
    else if ("cut" in said) cut = said.cut;
    else if (open) onEvent(readEvent(said));
  };
  const close = (): void => {
    open = false;
    reader.cancel().catch(() => {});
  };
  const ended = readLines(reader, take)
    .catch(() => {})
    .then(() => {
      if (!open) return null;
      return cut === null
        ? peerEnded(dir).message
        : `The peer in ${dir} cut off its events: ${cut}.`;
    });
  const early = ended.then(() => Promise.reject(peerEnded(dir)));
  // It matters only before the hello.
  early.catch(() => {});
  await inTime(Promise.race([hello, early]), HELLO_MS, () => {
    close();
    return peerEnded(dir);
  });
  return { ended, close };
}

/** Bytes are cut into lines before they are text, so that no character is cut. */
async function readLines(
  reader: Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">,
  take: (line: string) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const bytes: Buffer = rest.length === 0 ? Buffer.from(value) : Buffer.concat([rest, value]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      take(bytes.toString("utf8", start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_EVENT_BYTES) {
      await reader.cancel();
      return;
    }
  }
}
