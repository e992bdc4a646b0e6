/** A peer's folder with an open control socket and nothing behind it: what a control socket's tests talk to. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ControlHost, Into } from "../../src/control/host.ts";
import { type Control, serveControl } from "../../src/control/server.ts";
import type { LoggedEvent, RingTold, ScrubReport, Status } from "../../src/control/types.ts";
import { BODY_BYTES } from "../../src/protocol/model/config.ts";
import type { Outcome } from "../../src/protocol/model/events.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { type Folder, openFolder } from "../../src/store/folder.ts";
import { recordOf as stored, versionOf } from "../store/records.ts";
import { sha256 } from "../store/temporary.ts";

export type FakePeer = {
  readonly dir: string;
  readonly control: Control;
  readonly folder: Folder;
  readonly typed: string[];
  /** Contents by name, as the peer's ring would keep them. */
  readonly files: Map<string, Uint8Array>;
  /** What its status says beside its id. */
  shown: Partial<Status>;
  /** True: it cannot get at the files and folders that commands name. */
  blind: boolean;
  /** The paths that it opened or made itself for commands. */
  readonly touched: string[];
  /** How many copies each store and removal required; and what comes of them, unless all is well. */
  readonly required: number[];
  failing: Extract<Outcome, { kind: "failed" }> | null;
  /** What comes of reading its copies back. */
  scrubbed: ScrubReport;
  emit(seq: number, text: string): void;
  listeners(): number;
  stop(): Promise<void>;
};

/** Makes a peer of a numbered ring, unless `bits` says otherwise. */
export async function fakePeer(dir: string, id: number, bits = 8): Promise<FakePeer> {
  const folder = await openFolder(dir);
  const typed: string[] = [];
  const touched: string[] = [];
  const files = new Map<string, Uint8Array>();
  const listeners = new Set<(event: LoggedEvent) => void>();
  const host: ControlHost = {
    spoolDir: folder.spoolDir,
    status: async (lookups) => ({
      ...statusOf(id, bits),
      ...peer.shown,
      lookups: lookups.map(lookUp),
    }),
    invite: () => Promise.reject(new Error("nobody is invited here")),
    rotate: () => Promise.reject(new Error("there is no key here")),
    ring: async (lookups) => ringOf({ ...statusOf(id, bits), ...peer.shown }, lookups),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    type: (line) => void typed.push(line),
    inject: () => false,
    store: async (name, upload, require): Promise<Outcome> => {
      peer.required.push(require);
      if (peer.failing !== null) return peer.failing;
      const size = "bytes" in upload ? upload.bytes.length : upload.size;
      if ("bytes" in upload) files.set(name, upload.bytes);
      else {
        const kept = join(folder.spoolDir, "kept");
        renameSync(upload.path, kept);
        if (size < 100_000_000) files.set(name, await Bun.file(kept).bytes());
      }
      if (name === "fail") return { kind: "failed", why: "It could not be.", maybe: true };
      const record = recordOf(name, files.get(name) ?? new Uint8Array());
      return {
        kind: "stored",
        record: { ...record, size },
        replicas: [19, 2, 4],
        wanted: 3,
        withoutReplica: [],
        route: [8],
      };
    },
    storeFile: async (name, { path }, require) => {
      if (peer.blind) return null;
      touched.push(path);
      return host.store(name, { bytes: await Bun.file(path).bytes() }, require);
    },
    request: async (name, into) => {
      const spooled = join(folder.spoolDir, `out-${Math.random()}`);
      return requestFrom(files, name, peer.blind ? null : into, spooled, touched);
    },
    remove: async (name, require): Promise<Outcome> => {
      peer.required.push(require);
      if (peer.failing !== null) return peer.failing;
      const bytes = files.get(name);
      if (bytes === undefined) return { kind: "missing", owner: 19, route: [8, 19] };
      files.delete(name);
      const record = { ...recordOf(name, new Uint8Array()), removed: true };
      return {
        kind: "stored",
        record,
        replicas: [19, 2, 4],
        wanted: 3,
        withoutReplica: [],
        route: [8, 19],
      };
    },
    where: async (name) => {
      const bytes = files.get(name);
      const record = bytes === undefined ? null : recordOf(name, bytes);
      const holders = record === null ? [] : [19, 2, 4];
      return { kind: "where", owner: 19, record, replicas: holders, wanted: 3, route: [8, 19] };
    },
    scrub: async () => peer.scrubbed,
    progress: (name) => ({
      v: 1,
      bytes: files.get(name)?.length ?? null,
      size: 300_000,
      doing: null,
    }),
    list: async () => ({
      kind: "listed",
      files: Array.from(files, ([name, bytes]) => ({
        name,
        record: recordOf(name, bytes),
        replicas: [19, 2],
      })),
      silent: 0,
    }),
  };
  const control = serveControl(folder.dir, host);
  folder.announce({ id, host: "127.0.0.1", port: 12_000 + (id % 256), ring: 12_000, bits });
  const peer: FakePeer = {
    dir: folder.dir,
    control,
    folder,
    typed,
    files,
    shown: {},
    blind: false,
    touched,
    required: [],
    failing: null,
    scrubbed: { v: 1, files: 120, bytes: 34_000_000, damaged: [], more: 0, ms: 1_250 },
    listeners: () => listeners.size,
    emit: (seq, text) => {
      const event: LoggedEvent = {
        ...{ v: 1, at: 1.5, seq, peer: id, incarnation: 1 },
        ...{ event: "note", text },
      };
      for (const listener of [...listeners]) listener(event);
    },
    stop: async () => {
      await control.close();
      await folder.close();
    },
  };
  return peer;
}

async function requestFrom(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
  into: Into | null,
  spooled: string,
  touched: string[],
): ReturnType<ControlHost["request"]> {
  const bytes = files.get(name);
  if (bytes === undefined) {
    return { outcome: { kind: "missing", owner: 19, route: [8, 19] }, content: null };
  }
  const size = bytes.length;
  const hash = sha256(bytes);
  const outcome: Outcome = {
    ...{ kind: "received", request: 1, from: 19, route: [8, 19] },
    ...{ size, sha256: hash },
  };
  if (size <= BODY_BYTES) return { outcome, content: { bytes: new Uint8Array(bytes) } };
  const path = into?.path ?? spooled;
  writeFileSync(path, bytes, { flag: "wx", mode: 0o600 });
  if (into !== null) touched.push(path);
  return { outcome, content: { path, size } };
}

function recordOf(name: string, bytes: Uint8Array): FileRecord {
  return stored(name, bytes, versionOf(1, 19));
}

function lookUp(key: number): Status["lookups"][number] {
  return { key, owner: 8, hops: 0, route: [8] };
}

function ringOf(status: Status, lookups: readonly number[]): RingTold {
  const { self, members, at, ring, bits, route, successors, predecessors, digest, files } = status;
  const aborted = { expected: 0, dead: 0, left: 0 };
  const said = { self, route, successors, predecessors, digest, files };
  return {
    ...{ v: 1, at, ring, bits, silent: [] },
    peers: [{ ...said, ...aborted, view: 0, lookups: lookups.map(lookUp) }],
    views: [members.map((member) => ({ id: member.id, state: member.state }))],
  };
}

function statusOf(id: number, bits: number): Status {
  return {
    v: 1,
    at: 1_790_000_000_000.12,
    ring: "12000",
    bits,
    route: "successor",
    pingIntervalMs: 1_000,
    self: { id, host: "127.0.0.1", port: 12_000 + id, pid: process.pid, incarnation: 1 },
    successors: [],
    predecessors: [],
    members: [{ id, host: "127.0.0.1", port: 12_000 + id, incarnation: 1, state: "alive" }],
    digest: "9f86",
    files: {
      ...{ count: 3, bytes: 60_000, short: 0, least: 3, safe: true, damaged: 0 },
      ...{ room: 82_000_000_000, copies: 3, kept: true, freeBytes: 82_200_000_000 },
    },
    dropped: { datagrams: 0, frames: 0 },
    drops: [],
    rssBytes: 34_000_000,
    lookups: [],
  };
}
