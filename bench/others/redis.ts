/** A cluster of redis: four that share all names, and a replica of each. It acknowledges before any disk has synced. */
import { join } from "node:path";
import { killChild } from "../children.ts";
import type { Done } from "../client.ts";
import { LARGE_PEERS } from "../limits.ts";
import { isValue, type System } from "../system.ts";
import { freePorts, insist, startIn } from "./processes.ts";

const SLOTS = 16_384;
const PRIMARIES = LARGE_PEERS / 2;

/** Starts it, and waits until every process says that the cluster is whole. */
export async function openRedis(program: string, dir: string): Promise<System> {
  const [ports, buses] = [freePorts(LARGE_PEERS), freePorts(LARGE_PEERS)];
  const sockets = ports.map((_, i) => join(dir, `${i}.sock`));
  const children = ports.map((port, i) =>
    startIn(join(dir, String(i)), [
      program,
      ...["--port", String(port), "--cluster-port", String(buses[i]), "--bind", "127.0.0.1"],
      ...["--unixsocket", sockets[i] ?? "", "--cluster-enabled", "yes"],
      ...["--appendonly", "no", "--save", "", "--cluster-node-timeout", "5000"],
    ]),
  );
  const connections: RedisConnection[] = [];
  for (const path of sockets) connections.push(await insist(() => RedisConnection.open(path)));
  await joinUp(connections, ports, buses);
  const ownerOf = (name: string) =>
    connections[Math.floor((crc16(name) % SLOTS) / (SLOTS / PRIMARIES))];
  return {
    name: "redis-cluster",
    pids: children.map(({ pid }) => pid),
    retries: 0,
    put: (_, name, value, done) => {
      const good = (answer: Buffer): boolean => answer.toString() === "OK";
      ownerOf(name)?.ask(["SET", name, value.bytes], good, done);
    },
    get: (_, name, value, done) =>
      ownerOf(name)?.ask(["GET", name], (came) => isValue(came, value), done),
    close: async () => {
      for (const connection of connections) connection.close();
      await Promise.all(children.map(killChild));
    },
  };
}

async function joinUp(
  all: readonly RedisConnection[],
  ports: readonly number[],
  buses: readonly number[],
): Promise<void> {
  const ids = await Promise.all(all.map((each) => each.command("CLUSTER", "MYID")));
  for (const [i, each] of all.entries()) {
    const [from, until] = [i, i + 1].map((n) => (n * SLOTS) / PRIMARIES);
    if (i < PRIMARIES)
      await each.command("CLUSTER", "ADDSLOTSRANGE", `${from}`, `${Number(until) - 1}`);
    await each.command("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
    if (i > 0) await all[0]?.command("CLUSTER", "MEET", "127.0.0.1", `${ports[i]}`, `${buses[i]}`);
  }
  for (const [i, each] of all.entries()) {
    const primary = ids[i - PRIMARIES];
    // Not before it has heard of its primary.
    if (primary !== undefined) await insist(() => each.command("CLUSTER", "REPLICATE", primary));
  }
  await insist(async () => {
    const infos = await Promise.all(all.map((each) => each.command("CLUSTER", "INFO")));
    if (!infos.every((info) => info.includes("cluster_state:ok"))) throw new Error("not whole");
  });
}

type Waiting = { readonly good: (answer: Buffer) => boolean; readonly done: Done };

/** One connection on which answers come in the order of the questions. */
class RedisConnection {
  readonly #waiting: Waiting[] = [];
  #came: Buffer = Buffer.alloc(0);

  private constructor(private readonly socket: Bun.Socket<undefined>) {}

  static async open(path: string): Promise<RedisConnection> {
    let made: RedisConnection | null = null;
    const data = (_: unknown, bytes: Buffer): void => made?.take(bytes);
    made = new RedisConnection(await Bun.connect({ unix: path, socket: { data } }));
    return made;
  }

  ask(words: readonly (string | Uint8Array)[], good: Waiting["good"], done: Done): void {
    this.#waiting.push({ good, done });
    const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
    for (const word of words) {
      const bytes = Buffer.from(word);
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
    }
    this.socket.write(Buffer.concat(parts));
  }

  command(...words: readonly string[]): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let text = "";
    const good = (answer: Buffer): boolean => {
      text = answer.toString();
      return true;
    };
    this.ask(words, good, (trouble) =>
      trouble === null ? resolve(text) : reject(new Error(trouble)),
    );
    return promise;
  }

  close(): void {
    this.socket.terminate();
  }

  private take(bytes: Buffer): void {
    // What the runtime gives is its own again after this call.
    this.#came = Buffer.concat([this.#came, bytes]);
    for (;;) {
      const end = this.#came.indexOf("\r\n");
      if (end < 0) return;
      const line = this.#came.subarray(1, end);
      const isBulk = this.#came[0] === BULK;
      const length = isBulk ? Number(line.toString()) : 0;
      const from = end + 2;
      const until = isBulk && length >= 0 ? from + length + 2 : from;
      if (this.#came.length < until) return;
      const failed = this.#came[0] === ERROR || length < 0;
      const answer = isBulk && !failed ? this.#came.subarray(from, from + length) : line;
      this.#came = this.#came.subarray(until);
      const waiting = this.#waiting.shift();
      waiting?.done(!failed && waiting.good(answer) ? null : `redis answered ${line}`);
    }
  }
}

const BULK = 0x24;
const ERROR = 0x2d;

/** CRC-16 as XMODEM has it: it says which slot a name lies in. */
function crc16(name: string): number {
  let crc = 0;
  for (const byte of Buffer.from(name)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc;
}
