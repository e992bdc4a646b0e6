/** The baseline of control sockets: `Bun.serve` on a Unix socket that says the same 1 KiB to whoever asks. */
import { killChild, reaped } from "./children.ts";
import { firstLine } from "./echo.ts";
import { HttpPool, httpRequest } from "./http.ts";
import { KIB } from "./limits.ts";
import type { System } from "./system.ts";

/** @param role the command line of the server, but for its socket's path */
export async function openRawServe(role: readonly string[], path: string): Promise<System> {
  const child = reaped(
    Bun.spawn([...role, path], { stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  await firstLine(child.stdout);
  const pool = new HttpPool(path);
  const request = httpRequest("GET", "/files/name");
  const get: System["get"] = (_, __, ___, done) =>
    pool.ask(
      request,
      (status, body) => done(status === 200 && body.length === KIB ? null : `status ${status}`),
      done,
    );
  return {
    name: "Bun.serve echo",
    pids: [child.pid],
    retries: 0,
    put: get,
    get,
    close: async () => {
      pool.close();
      await killChild(child);
    },
  };
}

/** The other process: prints a line when it is open. */
export function serveRaw(path: string): void {
  const body = new Uint8Array(KIB).fill(1);
  Bun.serve({ unix: path, fetch: () => new Response(body) });
  console.log("open");
}
