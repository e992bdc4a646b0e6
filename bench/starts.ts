/** How long a ring takes to be steady, beside as many bare compiled programs of the same runtime, by turns. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { killChild, reaped } from "./children.ts";
import type { Figures } from "./figures.ts";
import { FIRST_PORT, PORT_BLOCKS, PORTS } from "./limits.ts";

export type Starting = {
  readonly program: readonly string[];
  /** The compiled bare program. */
  readonly bare: string;
  readonly dir: string;
  readonly figures: Figures;
};

/** Compiles the bare program, as the peers are compiled. @returns its path */
export async function buildBare(dir: string): Promise<string> {
  const out = join(dir, "bare");
  const child = reaped(
    Bun.spawn(
      [
        ...[process.execPath, "build", "--compile", "--minify", "--bytecode", "--format=esm"],
        ...[join(import.meta.dir, "bare.ts"), "--outfile", out],
      ],
      {
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
        env: { ...process.env, BUN_OPTIONS: "" },
      },
    ),
  );
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`the bare program was not built: ${said}`);
  return out;
}

/** One turn of each. */
export async function measureStart(starting: Starting, size: number): Promise<void> {
  const { figures } = starting;
  const bare = await bareMs(starting, size);
  figures.add({ bench: `${size} bare programs`, bytes: 0, inFlight: 0 }, { medianMs: bare });
  const ring = await ringMs(starting, size);
  figures.add({ bench: `p2p ring ${size}`, bytes: 0, inFlight: 0 }, { medianMs: ring });
}

async function bareMs({ bare }: Starting, size: number): Promise<number> {
  const start = performance.now();
  const children = Array.from({ length: size }, () =>
    reaped(Bun.spawn([bare], { stdin: "ignore", stdout: "pipe", stderr: "inherit" })),
  );
  await Promise.all(children.map(({ stdout }) => said(stdout, "open")));
  const ms = performance.now() - start;
  await Promise.all(children.map(killChild));
  return ms;
}

async function ringMs({ program, dir }: Starting, size: number): Promise<number> {
  const cwd = join(dir, "ring");
  mkdirSync(cwd, { recursive: true });
  const start = performance.now();
  const child = reaped(
    Bun.spawn([...program, "ring", String(size), "--base-port", String(freeBase())], {
      cwd,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    }),
  );
  await said(child.stdout, "is steady");
  const ms = performance.now() - start;
  // So it ends its peers, too.
  child.kill("SIGTERM");
  await child.exited;
  rmSync(cwd, { recursive: true, force: true });
  return ms;
}

/** Resolves once a stream has said it. @throws Error if it ends before */
async function said(stream: ReadableStream<Uint8Array>, what: string): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes(what)) return;
  }
  throw new Error(`it ended and had not said "${what}": ${text}`);
}

/** The first of a block of ports in which none is taken just now. */
function freeBase(): number {
  for (let block = 0; block < PORT_BLOCKS; block++) {
    const base = FIRST_PORT + block * PORTS;
    if (isFree(base)) return base;
  }
  throw new Error("no block of ports is free");
}

function isFree(base: number): boolean {
  const listeners = [];
  try {
    for (let port = base; port < base + PORTS; port++) {
      listeners.push(Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }));
    }
    return true;
  } catch {
    return false;
  } finally {
    for (const listener of listeners) listener.stop(true);
  }
}
