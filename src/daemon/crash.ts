/** What is said, and kept for whoever mends it, of an error that nobody expected. */
import type { PeerEvent } from "../protocol/model/events.ts";

/** The event of a crash: one sentence, and where it was. */
export function crashOf(error: unknown): Extract<PeerEvent, { event: "crash" }> {
  const what = error instanceof Error ? error.message || error.name : String(error);
  const text = `Unexpected error: ${what.trim().replace(/\s*\n\s*/g, " ")} (a bug in p2p; events.jsonl in the data folder says where)`;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return { event: "crash", text, stack };
}
