/**
 * Requests at the control socket of a running peer: methods, paths, heads and bodies, whole and damaged,
 * in pieces, broken off. What must hold: the peer lives, says nothing of a bug, and answers afterwards.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPathToCall } from "../../src/control/path.ts";
import { HOSTILE_NAMES } from "../../src/sim/names.ts";
import { RandomGenerator } from "../../src/sim/random-generator.ts";
import { PeerProcess } from "../support/peer-process.ts";
import { damaged } from "./bytes.ts";
import { type Found, type Target, tally } from "./target.ts";

/** Requests of one case, all at once; then the peer is asked how it is. */
const REQUESTS = 24;
const UP_MS = 30_000;
const ANSWER_MS = 20_000;
/** Whoever is not answered by then breaks off: some requests are never whole. */
const PATIENCE_MS = 400;
const STACK = /^\s+at |evaluating '|a bug in p2p/m;

const METHODS = [
  "GET",
  "GET",
  "PUT",
  "PUT",
  "POST",
  "DELETE",
  "HEAD",
  "PATCH",
  "OPTIONS",
  "get",
  "CONNECT",
  "",
];
const PATHS = [
  ...["/status", "/ring", "/files", "/scrub", "/type", "/status?lookup=1,2,3", "/events", "/"],
  ...["/status?lookup=-1", "/status?lookup=9007199254740993", `/status?lookup=${"1,".repeat(300)}`],
  ...[
    "//",
    "*",
    "http://x/status",
    "/%",
    "/files/%",
    "/files/%00",
    "/files/..",
    "/files/../status",
  ],
  ...["/files/x?require=17", "/files/x?require=-1", "/files/x?from=x", "/files/x?from=/dev/zero"],
  ...[
    "/files/x?from=/proc/self/mem",
    "/files/x?into=x",
    "/files/x?into=",
    `/${"a".repeat(20_000)}`,
  ],
];
const VERSIONS = [...Array<string>(20).fill("HTTP/1.1"), "HTTP/1.0", "HTTP/9", ""];
const LENGTHS = ["0", "1", "5", "70000", "-1", "1e3", "99999999999999999999", "0x10", "", "5, 6"];
const HEADERS = [
  ...["Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Expect: 100-continue"],
  ...[
    "Connection: close",
    "Connection: Upgrade\r\nUpgrade: websocket",
    "Range: bytes=0-",
    "Host: [::",
  ],
  ...["Host:", ": x", "x", `X: ${"y".repeat(20_000)}`, "Content-Type: \u0000", "P2P-Size: -1"],
];
const BODIES = ["", "x", "Status", "Request 2067", "Store ..", "a\nb", "5\r\nhello\r\n0\r\n\r\n"];

type Asked = { readonly bytes: Uint8Array; readonly piece: number; readonly cut: boolean };

export async function openControl(): Promise<Target> {
  const root = mkdtempSync(join(tmpdir(), "p2p-f-"));
  const did: Record<string, number> = {};
  let runs = 0;
  let peer = await start(join(root, "0"), root);
  const dir = () => join(root, String(runs));
  const ask = async (asked: readonly Asked[]): Promise<string | null> => {
    const answers = await Promise.all(asked.map((one) => send(dir(), one)));
    for (const answer of answers) tally(did, answer.split(" ")[1] ?? "no answer");
    const why = await judge(peer, dir());
    did["MiB of the peer"] = memoryOf(peer);
    if (why === null) return null;
    await peer.kill();
    runs += 1;
    peer = await start(dir(), root);
    return why;
  };
  return {
    did,
    async run(seed): Promise<Found | null> {
      const generator = new RandomGenerator(seed);
      for (let i = 0; i < 20; i++) generator.bits();
      const asked = Array.from({ length: REQUESTS }, () => drawAsked(generator));
      const why = await ask(asked);
      if (why === null) return null;
      // One after the other, each of them is asked alone.
      const kept = asked.map((one) => ({ ...one, bytes: one.bytes.toHex() }));
      return { why, reproduction: kept.map((one) => JSON.stringify(one)), kept };
    },
    replay(text) {
      const kept: readonly (Omit<Asked, "bytes"> & { bytes: string })[] = JSON.parse(text);
      return ask(kept.map((one) => ({ ...one, bytes: Uint8Array.fromHex(one.bytes) })));
    },
    async close() {
      await peer.kill();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function start(dir: string, cwd: string): Promise<PeerProcess> {
  const peer = new PeerProcess({ args: ["init", "--data", dir], cwd, stdin: "ignore" });
  const until = performance.now() + UP_MS;
  while ((await statusOf(dir)) !== 200) {
    if (peer.end !== null || performance.now() > until) throw new Error(peer.errors.join("\n"));
    await Bun.sleep(20);
  }
  return peer;
}

async function statusOf(dir: string): Promise<number | null> {
  try {
    const unix = controlPathToCall(dir);
    const signal = AbortSignal.timeout(ANSWER_MS);
    return (await fetch("http://p2p/status", { unix, signal })).status;
  } catch {
    return null;
  }
}

async function judge(peer: PeerProcess, dir: string): Promise<string | null> {
  const status = await statusOf(dir);
  const said = peer.errors.join("\n");
  if (peer.end !== null) return `the peer ended with ${peer.end.code}, ${peer.end.signal}\n${said}`;
  if (STACK.test(said)) return `the peer says what only a bug says\n${said}`;
  return status === 200 ? null : `the peer answers ${status} afterwards\n${said}`;
}

/** What its process takes; 0 where the system does not say. */
function memoryOf({ pid }: PeerProcess): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

function drawAsked(generator: RandomGenerator): Asked {
  const name = encodeURIComponent(generator.pick(HOSTILE_NAMES));
  const named = ["/files/", "/where/", "/progress/"].map((path) => path + name);
  const path = generator.pick(generator.below(2) === 0 ? PATHS : named);
  const body = generator.below(6) === 0 ? "y".repeat(100_000) : generator.pick(BODIES);
  const length = generator.below(3) === 0 ? generator.pick(LENGTHS) : String(body.length);
  const head = [
    `${generator.pick(METHODS)} ${path} ${generator.pick(VERSIONS)}`,
    ...(generator.below(8) === 0 ? [] : ["Host: p2p"]),
    ...(generator.below(5) === 0 ? [] : [`Content-Length: ${length}`]),
    ...generator.sample(HEADERS, generator.pick([0, 0, 1, 2])),
  ].join("\r\n");
  const whole = new TextEncoder().encode(`${head}\r\n\r\n${body}`);
  const bytes = generator.below(3) === 0 ? damaged(generator, whole, whole) : whole;
  // Nobody is to type that it quits.
  const text = Buffer.from(bytes).toString("latin1");
  const ends = /quit/i.test(text);
  const piece = generator.pick([1 << 20, 1 << 20, 4_000, 97]);
  return { bytes: ends ? whole : bytes, piece, cut: generator.below(4) === 0 };
}

/** Sends a request, in pieces. @returns the first line of the answer; empty if there was none */
function send(dir: string, { bytes, piece, cut }: Asked): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let at = 0;
  let heard = "";
  const pump = (socket: Bun.Socket) => {
    while (at < bytes.length) {
      const sent = socket.write(bytes.subarray(at, at + piece));
      at += Math.max(0, sent);
      if (sent < Math.min(piece, bytes.length - at)) break;
    }
    if (cut && at >= bytes.length) socket.end();
  };
  const firstLine = () => heard.split("\r\n")[0] ?? "";
  Bun.connect({
    unix: controlPathToCall(dir),
    socket: {
      open: pump,
      drain: pump,
      data(socket, data) {
        if (heard.length < 200) heard += data.toString("latin1");
        socket.end();
      },
      close: () => resolve(firstLine()),
      error: () => resolve(firstLine()),
    },
  }).then(
    (socket) => setTimeout(() => socket.terminate(), PATIENCE_MS),
    () => resolve(""),
  );
  return promise;
}
