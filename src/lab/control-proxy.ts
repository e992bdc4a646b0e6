/**
 * A proxy before the control sockets of a lab's peers: whoever asks a peer asks the proxy, which may change what
 * is asked and what is answered. The peers know nothing of it. So a test can show that chaos notices a peer that
 * lies, and no peer has a switch for that.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { controlPathToCall, controlPathToOpen } from "../control/path.ts";
import type { ControlError } from "../control/types.ts";

/** What somebody asked of a peer. */
export type Asked = {
  readonly id: number;
  readonly method: string;
  /** The path of the address, and the name of a file where it ends in one. */
  readonly path: string;
  readonly file: string | null;
  /** The content that came with it; empty where none did. */
  readonly body: Uint8Array<ArrayBuffer>;
};

/** Asks the peer itself: what was asked, or something else in its place. */
export type Pass = (
  instead?: Partial<Pick<Asked, "method" | "path" | "body">>,
) => Promise<Response>;

/** Answers what was asked. @param pass may be called as often as there is something to ask */
export type Meddler = (asked: Asked, pass: Pass) => Promise<Response>;

/** Headers that belong to one connection. */
const OF_CONNECTION = ["host", "connection", "content-length", "transfer-encoding"];

export class ControlProxy {
  private readonly servers: Bun.Server<undefined>[] = [];

  /**
   * @param home a folder of its own
   * @param dirOf the data folder of a peer
   */
  constructor(
    private readonly home: string,
    private readonly dirOf: (id: number) => string,
    private readonly meddler: Meddler,
  ) {}

  /** Stands before a peer, whether or not it runs yet. @returns the folder at which it is called */
  stand(id: number): string {
    const dir = join(this.home, String(id));
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const untimed: object = { idleTimeout: 0 };
    const server = Bun.serve({
      unix: controlPathToOpen(dir),
      fetch: (request) => this.answer(id, request),
      error: (error) => unanswered(error.message),
      ...untimed,
    });
    this.servers.push(server);
    return dir;
  }

  /** Answers nobody any more. */
  close(): void {
    for (const server of this.servers) void server.stop(true);
  }

  private async answer(id: number, request: Request): Promise<Response> {
    const { method, signal } = request;
    const { pathname: path, search } = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = withoutConnection(request.headers);
    const pass: Pass = async (instead = {}) => {
      const ask = { method, path: `${path}${search}`, body, ...instead };
      const response = await fetch(`http://control${ask.path}`, {
        ...{ headers, signal, timeout: false, keepalive: false, method: ask.method },
        ...(ask.method === "GET" ? {} : { body: ask.body }),
        unix: controlPathToCall(this.dirOf(id)),
      });
      const how = { status: response.status, headers: withoutConnection(response.headers) };
      // What breaks off is no answer, but for a stream of events, which ends.
      if (path !== "/events") return new Response(await response.arrayBuffer(), how);
      return new Response(response.body === null ? null : untilBroken(response.body), how);
    };
    const file = /^\/files\/([^/]+)$/.exec(path)?.[1] ?? null;
    try {
      return await this.meddler({ id, method, path, file, body }, pass);
    } catch {
      return unanswered(`peer ${id} does not answer`);
    }
  }
}

function untilBroken(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(out) {
      const piece = await reader.read().catch(() => null);
      if (piece === null || piece.done) out.close();
      else out.enqueue(piece.value);
    },
    cancel: () => reader.cancel(),
  });
}

function withoutConnection(headers: Headers): Headers {
  const left = new Headers(headers);
  for (const name of OF_CONNECTION) left.delete(name);
  return left;
}

function unanswered(error: string): Response {
  return Response.json({ error, kind: "failed" } satisfies ControlError, { status: 503 });
}
