/** A peer's control socket: HTTP on a Unix socket that only its user can open. */
import { isAbsolute } from "node:path";
import { storedName, wrongName, wrongToStore } from "../protocol/model/names.ts";
import { errorCode, removeQuietly } from "../store/durable.ts";
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
import { LAB_HEADER, parseLabFaults } from "./lab.ts";
import {
  LAST_WORDS_MS,
  LEAST_KEY_MS,
  MAX_INVITE_MS,
  MAX_LOOKUPS,
  MAX_TRANSFERS,
  MOST_KEY_MS,
} from "./limits.ts";
import { listen, type Routes } from "./listen.ts";
import { nameOfPath, type Room } from "./names.ts";
import { controlPathToOpen } from "./path.ts";
import { showOutcome } from "./shown.ts";
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
  const rooms = new Rooms(host);
  const close = listen(path, "The control socket", {
    routes: rooms.routes(),
    otherwise: notFound,
    busy: () => refuse(503, "busy", "Too much is asked of this peer at a time: try again soon."),
    malformed: () => refuse(400, "bad-request", "The Host header of a request must be a host."),
    failed: (error) => refuse(500, "failed", sentenceOf(error)),
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
  });
  return {
    path,
    get uploads() {
      return rooms.uploads.size;
    },
    close: async () => {
      rooms.streams.close();
      // Their last lines, and answers just given, are still on their way out.
      await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
      await close();
    },
  };
}

function notFound(): Response {
  return refuse(404, "not-found", "There is nothing of this name at a peer's control socket.");
}

/** What is asked of a name: the name, and the request with its query. */
type Asked = { readonly name: string; readonly request: Request; readonly query: URLSearchParams };
/** The same with the copies that have to be durable. */
type Written = Asked & { readonly require: number };

/** One method for each route. */
class Rooms {
  readonly streams: EventStreams;
  readonly uploads = new Map<string, UploadProgress>();
  private transfers = 0;

  constructor(private readonly host: ControlHost) {
    this.streams = new EventStreams((listener) => host.subscribe(listener));
  }

  routes(): Routes {
    const { host } = this;
    return {
      "/status": { GET: (request) => this.lookingUp(request, (keys) => host.status(keys)) },
      "/ring": { GET: (request) => this.lookingUp(request, (keys) => host.ring(keys)) },
      "/events": { GET: () => this.events() },
      "/type": { POST: (request) => this.type(request) },
      "/scrub": { POST: async () => Response.json(await host.scrub()) },
      "/invite": { POST: (request) => this.invite(request) },
      "/key": { POST: (request) => this.rotate(request) },
      "/lab/faults": { PUT: (request) => this.inject(request) },
      "/files": { GET: async () => Response.json(showOutcome(await host.list())) },
      "/files/:name": {
        GET: named("files", wrongName, (asked) => this.transfer(() => this.request(asked))),
        PUT: writing(wrongToStore, (asked) => this.transfer(() => this.store(asked))),
        POST: writing(wrongToStore, (asked) => this.transfer(() => this.storeFile(asked))),
        DELETE: writing(wrongName, async ({ name, require }) =>
          writeAnswer(await host.remove(name, require)),
        ),
      },
      "/where/:name": {
        GET: named("where", wrongName, async ({ name }) =>
          Response.json(showOutcome(await host.where(name))),
        ),
      },
      "/progress/:name": {
        GET: named("progress", wrongName, ({ name }) => Response.json(this.progress(name))),
      },
    };
  }

  private events(): Response {
    return (
      this.streams.open() ??
      refuse(503, "busy", "Too many read this peer's events already: end some of them.")
    );
  }

  /** What comes in at the control socket, and then what goes between peers. */
  private progress(name: string): Progress {
    const upload = this.uploads.get(storedName(name));
    if (upload === undefined) return this.host.progress(name);
    return { v: 1, bytes: upload.bytes, size: upload.size, doing: "moving" };
  }

  /** What a question that names keys to look up is answered with. */
  private async lookingUp(
    request: Request,
    ask: (keys: readonly number[]) => Promise<object>,
  ): Promise<Response> {
    const lookup = new URL(request.url).searchParams.get("lookup");
    const keys = lookup === null || lookup === "" ? [] : lookup.split(",").map(Number);
    if (keys.length > MAX_LOOKUPS) {
      return refuse(400, "bad-request", `At most ${MAX_LOOKUPS} keys can be looked up at a time.`);
    }
    if (keys.some((key) => !Number.isSafeInteger(key) || key < 0)) {
      return refuse(400, "bad-request", "The keys to look up must be whole numbers.");
    }
    return Response.json(await ask(keys));
  }

  private async invite(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const lastsMs = Number(query.get("lasts"));
    if (!(lastsMs > 0 && lastsMs <= MAX_INVITE_MS))
      return refuse(400, "bad-request", "An invite holds from a moment to 30 days.");
    return Response.json({ v: 1, invite: await this.host.invite(lastsMs, query.has("once")) });
  }

  private async rotate(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const without = query.getAll("without").map(Number);
    const endsMs = Number(query.get("ends"));
    if (!(endsMs >= LEAST_KEY_MS && endsMs <= MOST_KEY_MS))
      return refuse(400, "bad-request", "A key is still taken for three seconds to a day.");
    if (!without.every((id) => Number.isSafeInteger(id) && id >= 0))
      return refuse(400, "bad-request", "Peers are named by their ids.");
    return Response.json({ v: 1, missed: await this.host.rotate(without, endsMs) });
  }

  private async inject(request: Request): Promise<Response> {
    const faults = parseLabFaults(await request.json().catch(() => null));
    if (faults === null) {
      return refuse(400, "bad-request", "The faults to be put in are none that a peer knows.");
    }
    if (this.host.inject(request.headers.get(LAB_HEADER), faults))
      return Response.json({ ok: true });
    const why = "Faults are put only into peers that a lab has started, and by that lab alone.";
    return refuse(403, "refused", why);
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

  private async store({ name: given, request, require }: Written): Promise<Response> {
    const name = storedName(given);
    const progress = uploadProgress(request);
    this.uploads.set(name, progress);
    const upload = await receiveUpload(request, this.host.spoolDir, progress);
    if (this.uploads.get(name) === progress) this.uploads.delete(name);
    if ("error" in upload) return refuse(upload.status, upload.kind, upload.error);
    return writeAnswer(await this.host.store(name, upload, require));
  }

  /** A file that the peer opens itself, where it can. */
  private async storeFile({ name, query, require }: Written): Promise<Response> {
    const path = query.get("from") ?? "";
    if (!isAbsolute(path)) return refusePath(path);
    const file = { path, mark: query.get("mark") ?? "" };
    const outcome = await this.host.storeFile(name, file, require);
    if (outcome !== null) return writeAnswer(outcome);
    return refuse(409, "elsewhere", `The peer cannot open ${path}: send its bytes instead.`);
  }

  private async request({ name, query, request }: Asked): Promise<Response> {
    const into = intoOf(query);
    if (into !== null && !isAbsolute(into.path)) return refusePath(into.path);
    const { outcome, content } = await this.host.request(name, into, () => request.signal);
    if (outcome.kind === "received" && content !== null) {
      const { from, route, size, sha256 } = outcome;
      const head = { size, sha256, from, route };
      if ("path" in content && content.path === into?.path) return Response.json(head);
      if ("bytes" in content) return sendContent(content.bytes, head);
      this.transfers++;
      return streamContent(content.path, head, () => this.transfers--);
    }
    if (content !== null && "path" in content) removeQuietly(content.path);
    return refuseOutcome(name, outcome, (await this.host.status([])).members);
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

const NO_QUERY = new URLSearchParams();

/** What is answered where a path ends in a good name. */
function named(
  room: Room,
  wrong: typeof wrongName,
  answer: (asked: Asked) => Response | Promise<Response>,
): (request: Request) => Response | Promise<Response> {
  return (request) => {
    // Bun's own `params` have something for escapes that stand for no text, too; and a URL takes a while to make.
    const { url } = request;
    const path = url.indexOf("/", url.indexOf("//") + 2);
    const mark = url.indexOf("?", path);
    const name = nameOfPath(url.slice(path, mark < 0 ? undefined : mark), room);
    if (name === null) return notFound();
    const why = wrong(name, null);
    if (why !== null) return refuse(400, "bad-request", why);
    const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
    return answer({ name, request, query });
  };
}

/** The same of a store or a removal. */
function writing(wrong: typeof wrongName, answer: (asked: Written) => Promise<Response>) {
  return named("files", wrong, (asked) => {
    const require = requiredIn(asked.query);
    if (require === null) return refuse(400, "bad-request", WRONG_REQUIRE);
    return answer({ ...asked, require });
  });
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
