/**
 * `bun test/hostile/flood-times.ts [DATAGRAMS A SECOND] [CONNECTIONS]`: how long members' stores and requests take in a
 * ring of six, as usual, while a sender floods a closed port, while it floods one peer that has so many half-open
 * connections as well, and two seconds after that. It takes a minute, and wants a machine of its own.
 */
import { join } from "node:path";
import { encode } from "../../src/wire/message.ts";
import { type TestRing, withOpenRing } from "../support/test-ring.ts";

const SIX = [2, 4, 8, 14, 19, 27];
const TARGET = 8;
const CLOSED_PORT = 9;
const HOST = "127.0.0.1";
const NAMES = ["4100", "4101", "4102", "4103", "4104"];
const OPERATIONS = 30;
const AT_A_TIME = 64;
const REOPENED_MS = 10_000;

/** A child's part: datagrams of strangers, half of them of another ring. */
async function sendFlood(port: number, ring: number, perSecond: number): Promise<never> {
  const socket = await Bun.udpSocket({ socket: { error() {} } });
  const standing = { room: 5, awayMs: null, forgottenMs: null };
  const ping = { tag: "ping", nonce: 7, digest: 1, round: true, ...standing } as const;
  const instance = "11".repeat(8);
  const datagrams = Array.from({ length: AT_A_TIME }, (_, i) => {
    const from = { id: 200, incarnation: 1, instance, state: "alive", port: 1_000 + i } as const;
    return [encode(ping, { ring: ring + (i % 2), ...from }), port, HOST] as const;
  }).flat();
  const began = performance.now();
  for (let sent = 0; ; ) {
    const due = ((performance.now() - began) / 1_000) * perSecond;
    // What it has missed is not made up for.
    sent = Math.max(sent, due - perSecond / 10);
    if (due - sent < AT_A_TIME) await Bun.sleep(1);
    else {
      try {
        sent += socket.sendMany(datagrams);
      } catch {
        sent += AT_A_TIME;
      }
    }
  }
}

/** A child's part: connections on which nothing is said, each opened again ten seconds after it was closed. */
async function holdConnections(port: number, count: number): Promise<never> {
  const later = () => void setTimeout(open, REOPENED_MS);
  const open = async (): Promise<void> => {
    const socket = { data() {}, error() {}, close: later };
    await Bun.connect({ hostname: HOST, port, socket }).catch(later);
  };
  for (let i = 0; i < count; i++) await open();
  return await new Promise<never>(() => {});
}

function child(...words: readonly (string | number)[]): () => void {
  const command = [process.execPath, import.meta.path, ...words.map(String)];
  const started = Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] });
  return () => started.kill("SIGKILL");
}

/** Stores and requests through all peers in turn. @returns milliseconds, in ascending order */
async function times(ring: TestRing): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const name = NAMES[i % NAMES.length] ?? "";
    const control = ring.control(SIX[i % SIX.length] ?? TARGET);
    const began = performance.now();
    await control.store(name, join(ring.cwd, `${name}.pdf`));
    await (await control.request(name)).read(() => undefined);
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}

async function measure(perSecond: number, connections: number): Promise<void> {
  await withOpenRing(async (ring) => {
    const { base } = ring.ports;
    for (const name of NAMES) ring.file(name, 2_000);
    const say = async (when: string) => {
      const took = await times(ring);
      const [median = 0, worst = 0] = [took[OPERATIONS >> 1], took.at(-1)];
      console.log(`${when}: median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`);
    };
    await times(ring);
    await say("as usual");
    const atNobody = child("--send", CLOSED_PORT, base, perSecond);
    await Bun.sleep(1_000);
    await say("a closed port is flooded");
    atNobody();
    await Bun.sleep(1_000);
    const ends = [
      child("--send", base + TARGET, base, perSecond),
      child("--hold", base + TARGET, connections),
    ];
    await Bun.sleep(1_000);
    for (let i = 0; i < 3; i++) await say(`peer ${TARGET} is flooded`);
    for (const end of ends) end();
    await Bun.sleep(2_000);
    await say("two seconds after");
    await ring.calm();
    const { peers } = await ring.checks();
    const steady = peers.every(({ self }) => self.incarnation === 1);
    console.log(steady ? "nobody was held for dead" : "somebody was held for dead");
    for (const { kind, reason, count } of (await ring.status(TARGET)).drops.slice(0, 5)) {
      console.log(`dropped: ${kind} ${reason} ${count}`);
    }
  }, SIX);
}

const [part = "", ...rest] = process.argv.slice(2);
const [port = 0, second = 0, third = 0] = rest.map(Number);
if (part === "--send") await sendFlood(port, second, third);
else if (part === "--hold") await holdConnections(port, second);
else await measure(Number(part || 50_000), port || 5_000);
