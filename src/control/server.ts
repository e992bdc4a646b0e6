/** A peer's control socket: HTTP on a Unix socket that only its user can open. */
import { chmodSync, unlinkSync } from "node:fs";
import { isAbsolute } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import { storedName, wrongName, wrongToStore } from "../protocol/model/names.ts";
import { errorCode } from "../store/durable.ts";
import { MAX_LINE_BYTES } from "../terminal/limits.ts";
import {
  refuse,
  refuseOutcome,
  refusePath,
  requiredIn,
  WRONG_REQUIRE,
  writeAnswer,
} from "./answers.ts";
import { EventStreams } from "./events.ts";
import type { ControlHost, Into } from "./host.ts";
import { LAST_WORDS_MS, MAX_LOOKUPS, MAX_TRANSFERS } from "./limits.ts";
import { nameOfPath } from "./names.ts";
import { controlPathToOpen } from "./path.ts";
import {
  receiveUpload,
  sendContent,
  streamContent,
  type UploadProgress,
  uploadProgress,
} from "./transfer.ts";
import type { Progress } from "./types.ts";

export type Control = {
  /** The socket's path. */
  readonly path: string;
  /** Files that are coming in just now. */
  readonly uploads: number;
  /** Ends all streams and removes the socket. Never rejects. */
  close(): Promise<void>;
};

/**
 * Opens the control socket of a data folder whose lock this process holds.
 * @throws Failure if the socket cannot be had
 */
export function serveControl(dir: string, host: ControlHost): Control {
  const path = controlPathToOpen(dir);
  removeQuietly(path);
  const rooms = new Rooms(host);
  const streams = rooms.streams;
  const server = listen(path, (request) => rooms.answer(request));
  return {
    path,
    get uploads() {
      return rooms.uploads.size;
    },
    close: async () => {
      streams.close();
      // Their last lines, and answers just given, are still on their way out.
      await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
      await server.stop(true).catch(() => {});
      removeQuietly(path);
    },
  };
}

/**
 * An event stream may be silent for hours, and only this user can call; transfers have limits of their
 * own. Bun's types know this option for ports alone, but without it streams are cut off after 10 s.
 */
const UNTIMED: object = { idleTimeout: 0 };

function listen(
  path: string,
  answer: (request: Request) => Promise<Response>,
): Bun.Server<undefined> {
  // The socket is created with the mode that the mask leaves; nobody may call before `chmod`.
  const mask = process.umask(0o177);
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: answer,
      ...UNTIMED,
      error: (error) => refuse(500, "failed", sentenceOf(error)),
    });
    chmodSync(path, 0o600);
    return server;
  } catch (error) {
    throw new Failure(`The control socket ${path} could not be opened: ${sentenceOf(error)}`);
  } finally {
    process.umask(mask);
  }
}

/** One method for each route. */
class Rooms {
  readonly streams: EventStreams;
  readonly uploads = new Map<string, UploadProgress>();
  private transfers = 0;

  constructor(private readonly host: ControlHost) {
    this.streams = new EventStreams((listener) => host.subscribe(listener));
  }

  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    try {
      switch (`${request.method} ${url.pathname}`) {
        case "GET /status":
          return await this.lookingUp(url, (keys) => this.host.status(keys));
        case "GET /ring":
          return await this.lookingUp(url, (keys) => this.host.ring(keys));
        case "GET /events":
          return (
            this.streams.open() ??
            refuse(503, "busy", "Too many read this peer's events already: end some of them.")
          );
        case "POST /type":
          return await this.type(request);
        case "GET /files":
          return Response.json(await this.host.list());
        case "POST /scrub":
          return Response.json(await this.host.scrub());
      }
      return (
        (await this.named(request, url)) ??
        refuse(404, "not-found", "There is nothing of this name at a peer's control socket.")
      );
    } catch (error) {
      return refuse(500, "failed", sentenceOf(error));
    }
  }

  /** What is asked of a file. @returns null where the path is none of these */
  private async named(request: Request, url: URL): Promise<Response | null> {
    const { pathname: path, searchParams: query } = url;
    const name = nameOfPath(path, "files");
    if (name !== null) {
      const brings = request.method === "PUT" || request.method === "POST";
      const wrong = (brings ? wrongToStore : wrongName)(name, null);
      if (wrong !== null) return refuse(400, "bad-request", wrong);
      if (request.method === "GET") {
        return await this.transfer(() => this.request(name, query, request.signal));
      }
      const require = requiredIn(query);
      if (require === null) return refuse(400, "bad-request", WRONG_REQUIRE);
      switch (request.method) {
        case "PUT":
          return await this.transfer(() => this.store(name, request, require));
        case "POST":
          return await this.transfer(() => this.storeFile(name, query, require));
        case "DELETE":
          return writeAnswer(await this.host.remove(name, require));
        default:
          return null;
      }
    }
    if (request.method !== "GET") return null;
    const sought = nameOfPath(path, "where");
    const moving = nameOfPath(path, "progress");
    const wrong = wrongName(sought ?? moving ?? "?", null);
    if (wrong !== null) return refuse(400, "bad-request", wrong);
    if (sought !== null) return Response.json(await this.host.where(sought));
    return moving === null ? null : Response.json(this.progress(moving));
  }

  /** What comes in at the control socket, and then what goes between peers. */
  private progress(name: string): Progress {
    const upload = this.uploads.get(storedName(name));
    if (upload === undefined) return this.host.progress(name);
    return { v: 1, bytes: upload.bytes, size: upload.size, doing: "moving" };
  }

  /** What a question that names keys to look up is answered with. */
  private async lookingUp(
    url: URL,
    ask: (keys: readonly number[]) => Promise<object>,
  ): Promise<Response> {
    const lookup = url.searchParams.get("lookup");
    const keys = lookup === null || lookup === "" ? [] : lookup.split(",").map(Number);
    if (keys.length > MAX_LOOKUPS) {
      return refuse(400, "bad-request", `At most ${MAX_LOOKUPS} keys can be looked up at a time.`);
    }
    if (keys.some((key) => !Number.isSafeInteger(key) || key < 0)) {
      return refuse(400, "bad-request", "The keys to look up must be whole numbers.");
    }
    return Response.json(await ask(keys));
  }

  private async type(request: Request): Promise<Response> {
    const line = await readLine(request);
    if (line === null) {
      return refuse(
        400,
        "bad-request",
        `What is typed must be one line of ${MAX_LINE_BYTES} bytes at most.`,
      );
    }
    this.host.type(line);
    return Response.json({ ok: true });
  }

  private async store(given: string, request: Request, require: number): Promise<Response> {
    const name = storedName(given);
    const progress = uploadProgress(request);
    this.uploads.set(name, progress);
    const upload = await receiveUpload(request, this.host.spoolDir, progress);
    if (this.uploads.get(name) === progress) this.uploads.delete(name);
    if ("error" in upload) return refuse(upload.status, upload.kind, upload.error);
    return writeAnswer(await this.host.store(name, upload, require));
  }

  /** A file that the peer opens itself, where it can. */
  private async storeFile(
    name: string,
    query: URLSearchParams,
    require: number,
  ): Promise<Response> {
    const path = query.get("from") ?? "";
    if (!isAbsolute(path)) return refusePath(path);
    const file = { path, mark: query.get("mark") ?? "" };
    const outcome = await this.host.storeFile(name, file, require);
    if (outcome !== null) return writeAnswer(outcome);
    return refuse(409, "elsewhere", `The peer cannot open ${path}: send its bytes instead.`);
  }

  private async request(
    name: string,
    query: URLSearchParams,
    aborted: AbortSignal,
  ): Promise<Response> {
    const into = intoOf(query);
    if (into !== null && !isAbsolute(into.path)) return refusePath(into.path);
    const { outcome, content } = await this.host.request(name, into, aborted);
    if (outcome.kind === "received" && content !== null) {
      const { from, route, size, sha256 } = outcome;
      const head = { size, sha256, from, route };
      if ("path" in content && content.path === into?.path) return Response.json(head);
      if ("bytes" in content) return sendContent(content.bytes, head);
      this.transfers++;
      return streamContent(content.path, head, () => this.transfers--);
    }
    if (content !== null && "path" in content) removeQuietly(content.path);
    return refuseOutcome(name, outcome);
  }

  private async transfer(work: () => Promise<Response>): Promise<Response> {
    if (this.transfers >= MAX_TRANSFERS) {
      return refuse(503, "busy", `This peer is busy with ${MAX_TRANSFERS} files: try again soon.`);
    }
    this.transfers++;
    try {
      return await work();
    } finally {
      this.transfers--;
    }
  }
}

function intoOf(query: URLSearchParams): Into | null {
  const path = query.get("into");
  if (path === null) return null;
  return { path, mark: query.get("mark") ?? "", as: query.get("as") ?? path };
}

/** @returns null if the body is longer than a line may be, or is more than one */
async function readLine(request: Request): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of request.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_LINE_BYTES) return null;
  }
  const line = text.replace(/\r?\n$/, "");
  return /[\r\n]/.test(line) ? null : line;
}

function sentenceOf(error: unknown): string {
  if (["ENOSPC", "EDQUOT"].includes(errorCode(error))) return "The disk of this peer is full.";
  return error instanceof Error ? error.message : String(error);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}
