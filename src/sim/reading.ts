/** Reading a content back from a simulated disk: one that has rotted is found out by its hash. */
import { type FileRecord, type WriteId, writeId } from "../protocol/model/files.ts";
import type { BodySource, Input } from "../protocol/model/io.ts";
import { isSmall, type SimContent } from "./bodies.ts";
import type { Host } from "./host.ts";
import type { EventQueue } from "./queue.ts";

/** What is found out needs of the world. */
export type ReadServices = {
  readonly now: number;
  readonly queue: EventQueue;
  give(host: Host, input: Input): void;
};

/** A content as it was read, and the write whose content it should have been but is not. */
export type Reading = { readonly content: SimContent | null; readonly damaged: FileRecord | null };

const NOTHING: Reading = { content: null, damaged: null };

/** Only the very write that is asked for: another one may have taken its place on the disk. */
export function readContent({ disk }: Host, write: WriteId): Reading {
  const record = disk.record(write);
  if (record === null || record.removed) return NOTHING;
  const { size, sha256 } = record;
  if (!disk.isRotten(record)) return { content: { size, sha256 }, damaged: null };
  return { content: { size, sha256: flipped(sha256) }, damaged: record };
}

/** What goes with a message; null where it cannot be had, and the message goes alone. */
export function bodyFor(
  services: ReadServices,
  host: Host,
  source: BodySource | null,
): SimContent | null {
  if (source === null) return null;
  if (source.kind === "body") return host.bodies.get(source.number);
  const { content, damaged } = readContent(host, source.write);
  if (damaged === null) return content !== null && isSmall(content) ? content : null;
  setAside(services, host, damaged);
  return null;
}

/** Sets a damaged copy aside, at once, and tells the peer, which is amid its step perhaps, right after. */
export function setAside(services: ReadServices, host: Host, record: FileRecord): void {
  const { run } = host;
  const write = writeId(record);
  host.disk.drop(write);
  services.queue.plan(services.now, () => {
    if (host.run === run) services.give(host, { type: "damaged", at: 0, write });
  });
}

/** The hash of a content in which bits have flipped: any other one. */
function flipped(sha256: string): string {
  return sha256.startsWith("f") ? `0${sha256.slice(1)}` : `f${sha256.slice(1)}`;
}
