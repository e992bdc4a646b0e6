/** The event streams that a control socket has open. Each is cut off when its reader is too slow. */
import { MAX_STREAMS, MAX_UNREAD_BYTES } from "./limits.ts";
import { showEvent } from "./shown.ts";
import type { EventCut, EventHello, LoggedEvent } from "./types.ts";

type Subscribe = (listener: (event: LoggedEvent) => void) => () => void;

export class EventStreams {
  private readonly ends = new Set<(why: string) => void>();
  /** An event is turned to text once, however many read it. */
  private lastEvent: LoggedEvent | null = null;
  private lastLine = new Uint8Array();

  constructor(private readonly subscribe: Subscribe) {}

  /** @returns a response whose body never ends by itself; null if there are too many already */
  open(): Response | null {
    if (this.ends.size >= MAX_STREAMS) return null;
    let end: (why: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          end = this.feed(controller);
        },
        cancel: () => end(""),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
    );
    return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
  }

  /** Ends all streams. */
  close(): void {
    for (const end of [...this.ends]) end("the peer is ending");
  }

  private feed(controller: ReadableStreamDefaultController<Uint8Array>): (why: string) => void {
    const unsubscribe = this.subscribe((event) => {
      const line = this.lineOf(event);
      if ((controller.desiredSize ?? 0) < line.length) end("the reader was too slow");
      else controller.enqueue(line);
    });
    const end = (why: string): void => {
      if (!this.ends.delete(end)) return;
      unsubscribe();
      // A reader that went away has nobody to tell.
      if (why === "") return;
      controller.enqueue(encode({ v: 1, cut: why } satisfies EventCut));
      controller.close();
    };
    this.ends.add(end);
    controller.enqueue(encode({ v: 1, hello: true } satisfies EventHello));
    return end;
  }

  private lineOf(event: LoggedEvent): Uint8Array {
    if (event !== this.lastEvent) {
      this.lastEvent = event;
      this.lastLine = encode(showEvent(event));
    }
    return this.lastLine;
  }
}

function encode(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}
