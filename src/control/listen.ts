/** HTTP on a Unix socket that only its user can open: a peer's control socket, and a ring's. */
import { chmodSync } from "node:fs";
import { Failure } from "../protocol/model/failure.ts";
import { removeQuietly } from "../store/durable.ts";
import { Kept } from "./kept.ts";
import { MAX_REQUESTS } from "./limits.ts";

/** What is answered at a path, by method. Its part after `:` may be anything, escaped, without a slash. */
export type Routes = Readonly<
  Record<string, Partial<Record<"GET" | "PUT" | "POST" | "DELETE", Answer>>>
>;

type Answer = (request: Request) => Response | Promise<Response>;

export type Answers = {
  readonly routes: Routes;
  /** The answer to all else. */
  readonly otherwise: () => Response;
  /** The answer where too much is asked at a time. */
  readonly busy: () => Response;
  /** The answer where one of the routes threw, or rejected. */
  readonly failed: (error: unknown) => Response;
  readonly maxBodyBytes: number;
};

type Server = Bun.Server<undefined>;

/**
 * What is under way takes as long as it takes: an event stream may be silent for hours, and transfers have limits
 * of their own. Bun's types know this option for ports alone, but without it streams are cut off after 10 s. A
 * connection on which nothing has ever come is closed by the runtime after as long; kept.ts looks after the others.
 */
const UNTIMED: object = { idleTimeout: 0 };

/**
 * Opens a socket in place of one that a dead process left.
 * @param what how a sentence calls it, such as "The control socket"
 * @returns ends it at once, and removes it; never rejects
 * @throws Failure if the socket cannot be had
 */
export function listen(
  path: string,
  what: string,
  { routes, otherwise, busy, failed, maxBodyBytes }: Answers,
): () => Promise<void> {
  removeQuietly(path);
  // The socket is created with the mode that the mask leaves; nobody may call before `chmod`.
  const mask = process.umask(0o177);
  const kept = new Kept();
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: maxBodyBytes,
      routes: counted(routes, busy, kept),
      fetch: otherwise,
      ...UNTIMED,
      error: failed,
    });
    chmodSync(path, 0o600);
    kept.of(server);
    return async () => {
      kept.close();
      await server.stop(true).catch(() => {});
      removeQuietly(path);
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${what} ${path} could not be opened: ${why}.`);
  } finally {
    process.umask(mask);
  }
}

/** No more at a time than may be. */
function counted(routes: Routes, busy: () => Response, kept: Kept) {
  const once = (answer: Answer) => (request: Request, server: Server) => {
    const isKept = kept.used();
    const response = server.pendingRequests > MAX_REQUESTS ? busy() : answer(request);
    if (isKept) return response;
    return response instanceof Promise ? response.then(closing) : closing(response);
  };
  const all = Object.entries(routes).map(([path, methods]) => {
    const answers = Object.entries(methods).map(([method, answer]) => [method, once(answer)]);
    return [path, Object.fromEntries(answers)];
  });
  return Object.fromEntries(all);
}

/** Its connection ends with it. */
function closing(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}
