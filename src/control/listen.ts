/** HTTP on a Unix socket that only its user can open: a peer's control socket, and a ring's. */
import { Failure } from "../protocol/model/failure.ts";
import { keepOpen } from "./crowding.ts";
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
  /** The answer to a request of a host that cannot be one. */
  readonly malformed: () => Response;
  /** The answer where one of the routes threw, or rejected. */
  readonly failed: (error: unknown) => Response;
  readonly maxBodyBytes: number;
};

/** The beginning of an address whose host could be one. The runtime makes it of what the request says. */
const HOST = /^https?:\/\/(?:[\w.~-]*|\[[\da-f:.]+\])(?::\d{0,5})?(?:\/|$)/i;

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
  { routes, otherwise, busy, malformed, failed, maxBodyBytes }: Answers,
): () => Promise<void> {
  const serve = (at: string, keeps: boolean) => {
    const kept = keeps ? new Kept() : new Kept(() => Number.POSITIVE_INFINITY);
    const server = Bun.serve({
      unix: at,
      maxRequestBodySize: maxBodyBytes,
      routes: counted(routes, busy, malformed, kept),
      fetch: otherwise,
      ...UNTIMED,
      error: failed,
    });
    kept.of(server);
    return {
      stop: (closeActive: boolean) => {
        kept.close();
        return server.stop(closeActive);
      },
    };
  };
  try {
    return keepOpen(path, serve);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(`${what} ${path} could not be opened: ${why}.`);
  }
}

/** No more at a time than may be. */
function counted(routes: Routes, busy: () => Response, malformed: () => Response, kept: Kept) {
  const once = (answer: Answer) => (request: Request, server: Server) => {
    const isKept = kept.used();
    const isBusy = server.pendingRequests > MAX_REQUESTS;
    const response = isBusy ? busy() : HOST.test(request.url) ? answer(request) : malformed();
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
