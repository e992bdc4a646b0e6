/** HTTP on a Unix socket that only its user can open: a peer's control socket, and a ring's. */
import { chmodSync } from "node:fs";
import { Failure } from "../protocol/model/failure.ts";
import { removeQuietly } from "../store/durable.ts";
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
 * connection on which no whole request comes is closed by the runtime after as long.
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
  try {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: maxBodyBytes,
      routes: counted(routes, busy),
      fetch: otherwise,
      ...UNTIMED,
      error: failed,
    });
    chmodSync(path, 0o600);
    return async () => {
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

/**
 * No more at a time than may be, and one request for each connection: so none is left open that nobody uses, and
 * a new one costs no more than one that was kept.
 */
function counted(routes: Routes, busy: () => Response) {
  const once = (answer: Answer) => async (request: Request, server: Server) => {
    const response = server.pendingRequests > MAX_REQUESTS ? busy() : await answer(request);
    response.headers.set("connection", "close");
    return response;
  };
  const all = Object.entries(routes).map(([path, methods]) => {
    const answers = Object.entries(methods).map(([method, answer]) => [method, once(answer)]);
    return [path, Object.fromEntries(answers)];
  });
  return Object.fromEntries(all);
}
