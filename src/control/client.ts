/** A typed client of a peer's control socket. No connection is made before it is asked for something. */
import { dirname, resolve } from "node:path";
import { BODY_BYTES } from "../protocol/model/config.ts";
import type { ListedFile, Outcome } from "../protocol/model/events.ts";
import type { Landing } from "../store/user-files.ts";
import { markOf } from "../store/user-files.ts";
import { type Call, ControlClosed, ControlRefused, call, peerEnded } from "./call.ts";
import { type EventReader, readEvents } from "./event-reader.ts";
import { LAB_HEADER, type LabFaults } from "./lab.ts";
import {
  ASK_MS,
  LOOKUPS_MS,
  MAX_QUERY_CHARACTERS,
  PROGRESS_MS,
  RING_MS,
  ROTATE_MS,
  STATUS_MS,
  TRANSFER_STALL_MS,
  TYPE_MS,
  WORK_MS,
} from "./limits.ts";
import { pathOfName } from "./names.ts";
import { outgoingFile } from "./outgoing.ts";
import { readOutcome, type ShownOutcome } from "./shown.ts";
import {
  CONTENT_HEADER,
  type ContentFrom,
  type LoggedEvent,
  type Progress,
  type RingTold,
  type ScrubReport,
  SIZE_HEADER,
  type Status,
} from "./types.ts";
import { inTime, withPulse } from "./waiting.ts";

export { ControlClosed, ControlRefused };

/** A file's content on its way; its size and hash are for the taker to check. */
export type Incoming = ContentFrom & {
  /** Gives each piece to `take`, and waits where that returns a promise. @throws ControlClosed */
  read(take: (piece: Uint8Array) => Promise<void> | undefined): Promise<void>;
};

/** A content that the peer has put into the file that was named to it, whole and checked. */
export type Landed = ContentFrom & { readonly read: null };

/** All of it rejects with ControlClosed or ControlRefused, each a Failure of one sentence. */
export type ControlClient = {
  /** The peer's data folder. */
  readonly dir: string;
  /**
   * @param lookups keys to look up through the ring, 256 at most
   * @param limitMs how long to wait; by default 3 s, and 15 s more with lookups
   */
  status(lookups?: readonly number[], limitMs?: number): Promise<Status>;
  /**
   * Asks all members, through this one, how they see their ring.
   * @param lookups keys that they look up, 256 at most; none for some of the ring's own
   */
  ring(lookups?: readonly number[]): Promise<RingTold>;
  /** Resolves once every event from then on will be given to `onEvent`. */
  events(onEvent: (event: LoggedEvent) => void): Promise<EventReader>;
  /** Hands over a line as if it had been typed at the peer's terminal. */
  type(line: string): Promise<void>;
  /**
   * Stores a local file, which the peer opens itself if it can, or what a stream brings, under a name.
   * What is not acknowledged rejects with a ControlRefused: of the kind "refused" if it was not executed and
   * will not be, "unconfirmed" if it may still appear.
   * @param require durable copies without which it is not acknowledged; 0, or left out, for a majority
   */
  store(
    name: string,
    content: string | ReadableStream<Uint8Array>,
    require?: number,
  ): Promise<Outcome>;
  /** Fetches a name; the promise resolves when its content begins to come. */
  request(name: string): Promise<Incoming>;
  /**
   * Has the peer write a content, unless it is small, into the temporary of a landing. What comes as
   * `Incoming`, because it is small or the peer cannot write there, is for the caller to write.
   */
  requestInto(name: string, landing: Landing): Promise<Incoming | Landed>;
  /** Removes a name from the ring; the rest as for a store. */
  remove(name: string, require?: number): Promise<Outcome>;
  /** Asks who holds a name. */
  where(name: string): Promise<Outcome>;
  /** Has every stored copy of this peer read back. */
  scrub(): Promise<ScrubReport>;
  /** Has the peer do to itself what a lab asks for. @param token of the lab that has started it */
  inject(token: string, faults: LabFaults, limitMs: number): Promise<void>;
  /** Has the peer write an invite that holds so long, or once. */
  invite(lastsMs: number, once: boolean): Promise<string>;
  /** Changes the ring's key, as `ControlHost.rotate` does. */
  rotate(without: readonly number[], endsMs: number): Promise<readonly number[]>;
  /** How far a file is on its way in or out of the peer. */
  progress(name: string): Promise<Progress>;
  /** The files of the ring; `silent` is the number of peers that did not say what they hold. */
  list(): Promise<{ readonly files: readonly ListedFile[]; readonly silent: number }>;
};

/** @param dir the peer's data folder */
export function controlClient(dir: string): ControlClient {
  const status = async (keys: readonly number[] = [], limitMs?: number): Promise<Status> => {
    const limit = limitMs ?? STATUS_MS + (keys.length === 0 ? 0 : LOOKUPS_MS);
    return json<Status>(dir, await call(dir, pathWithKeys("/status", keys), {}, limit));
  };
  const work = (path: string, ask: Call): Promise<Response> =>
    withPulse(
      (limitMs) => status([], limitMs),
      (signal) => call(dir, path, { ...ask, signal }, WORK_MS),
    );
  return {
    dir,
    status,
    ring: async (keys = []) =>
      json<RingTold>(dir, await call(dir, pathWithKeys("/ring", keys), {}, RING_MS)),
    events: (onEvent) => readEvents(dir, onEvent),
    type: async (line) => {
      await call(dir, "/type", { method: "POST", body: line }, TYPE_MS);
    },
    store: async (name, content, require = 0) => {
      const path = typeof content === "string" ? pathOfFile(name, content, require) : null;
      if (path !== null) {
        try {
          return await outcomeIn(dir, work(path, { method: "POST" }));
        } catch (error) {
          if (!(error instanceof ControlRefused) || error.kind !== "elsewhere") throw error;
        }
      }
      if (typeof content === "string")
        return await sendFile(dir, pathRequiring(name, require), content, work);
      const asked = work(pathRequiring(name, require), { method: "PUT", body: content });
      return await outcomeIn(dir, asked);
    },
    request: async (name) => incoming(dir, await work(pathOfName(name), {})),
    requestInto: async (name, landing) => {
      const response = await work(pathInto(name, landing), {});
      if (response.headers.has(CONTENT_HEADER)) return incoming(dir, response);
      return { ...(await json<ContentFrom>(dir, response)), read: null };
    },
    remove: async (name, require = 0) =>
      outcomeIn(dir, call(dir, pathRequiring(name, require), { method: "DELETE" }, ASK_MS)),
    where: async (name) => outcomeIn(dir, call(dir, pathOfName(name, "where"), {}, ASK_MS)),
    scrub: async () => json<ScrubReport>(dir, await work("/scrub", { method: "POST" })),
    inject: async (token, faults, limitMs) => {
      const headers = { [LAB_HEADER]: token };
      const body = JSON.stringify(faults);
      await call(dir, "/lab/faults", { method: "PUT", body, headers }, limitMs);
    },
    invite: async (lastsMs, once) => {
      const path = `/invite?lasts=${lastsMs}${once ? "&once=1" : ""}`;
      return (
        await json<{ invite: string }>(dir, await call(dir, path, { method: "POST" }, ASK_MS))
      ).invite;
    },
    rotate: async (without, endsMs) => {
      const path = `/key?ends=${endsMs}${without.map((id) => `&without=${id}`).join("")}`;
      const answer = await call(dir, path, { method: "POST" }, ROTATE_MS);
      return (await json<{ missed: readonly number[] }>(dir, answer)).missed;
    },
    progress: async (name) =>
      json<Progress>(dir, await call(dir, pathOfName(name, "progress"), {}, PROGRESS_MS)),
    list: async () => {
      const outcome = await outcomeIn(dir, work("/files", {}));
      if (outcome.kind === "failed") throw new ControlRefused(outcome.why, "failed");
      if (outcome.kind !== "listed") throw peerEnded(dir);
      return { files: outcome.files, silent: outcome.silent };
    },
  };
}

function pathWithKeys(path: string, keys: readonly number[]): string {
  return keys.length === 0 ? path : `${path}?lookup=${keys.join(",")}`;
}

/** A store of a file from where it is; null for one that is better sent: a small one, or none that can be named. */
function pathOfFile(name: string, file: string, require: number): string | null {
  const from = resolve(file);
  const mark = markOf(from);
  if (mark === null || Bun.file(from).size <= BODY_BYTES) return null;
  return pathWith(name, { from, mark, ...requiring(require) });
}

/** A store of a file by its bytes. @throws Failure if it changed meanwhile: then nothing was stored */
async function sendFile(
  dir: string,
  path: string,
  file: string,
  work: (path: string, ask: Call) => Promise<Response>,
): Promise<Outcome> {
  const outgoing = await outgoingFile(file);
  try {
    const { body, size } = outgoing;
    const headers = { [SIZE_HEADER]: String(size) };
    return await outcomeIn(dir, work(path, { method: "PUT", body, headers }));
  } catch (error) {
    throw outgoing.failure() ?? error;
  } finally {
    outgoing.close();
  }
}

function pathInto(name: string, { path, temporary }: Landing): string {
  const mark = markOf(dirname(temporary));
  if (mark === null) return pathOfName(name);
  return pathWith(name, { into: temporary, mark, as: path }) ?? pathOfName(name);
}

function requiring(require: number): Readonly<Record<string, string>> {
  return require === 0 ? {} : { require: `${require}` };
}

function pathRequiring(name: string, require: number): string {
  return require === 0 ? pathOfName(name) : `${pathOfName(name)}?require=${require}`;
}

function pathWith(name: string, query: Readonly<Record<string, string>>): string | null {
  const text = new URLSearchParams(query).toString();
  return text.length > MAX_QUERY_CHARACTERS ? null : `${pathOfName(name)}?${text}`;
}

async function outcomeIn(dir: string, answered: Promise<Response>): Promise<Outcome> {
  return readOutcome(await json<ShownOutcome>(dir, await answered));
}

/** What a control socket says is of this very program's making, so its form is trusted. */
async function json<T>(dir: string, response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw peerEnded(dir);
  }
}

function incoming(dir: string, response: Response): Incoming {
  const header = response.headers.get(CONTENT_HEADER);
  if (header === null) throw peerEnded(dir);
  const from = JSON.parse(header) as ContentFrom;
  const read: Incoming["read"] = async (take) => {
    if (response.body === null) return;
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { value, done } = await nextPiece(dir, reader);
        if (done) return;
        const room = take(value);
        if (room !== undefined) await room;
      }
    } finally {
      // Nothing happens where all has been read; else the peer hears that nobody wants the rest.
      reader.cancel().catch(() => {});
    }
  };
  return { ...from, read };
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read">;

function nextPiece(dir: string, reader: Reader): ReturnType<Reader["read"]> {
  const step = reader.read().catch(() => {
    throw peerEnded(dir);
  });
  return inTime(step, TRANSFER_STALL_MS, () => peerEnded(dir));
}
