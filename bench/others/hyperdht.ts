/** Eight nodes of hyperdht, each a process of Node: its sockets are libuv's own. They keep values in memory. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { killChild, reaped } from "../children.ts";
import type { Done } from "../client.ts";
import { firstLine } from "../echo.ts";
import { HttpPool, httpRequest } from "../http.ts";
import { LARGE_PEERS } from "../limits.ts";
import { isValue, type System, type Value } from "../system.ts";

const NODE = join(import.meta.dir, "hyperdht-node.mjs");

/** @param folder the package's */
export async function openHyperdht(
  node: readonly string[],
  folder: string,
  dir: string,
): Promise<System> {
  mkdirSync(dir, { recursive: true });
  const children: Bun.Subprocess[] = [];
  const pools: HttpPool[] = [];
  let contact = "0";
  for (let i = 0; i < LARGE_PEERS; i++) {
    const path = join(dir, `${i}.sock`);
    const command = [...node, NODE, folder, contact, path];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    children.push(reaped(child));
    const port = await firstLine(child.stdout);
    if (i === 0) contact = port;
    pools.push(new HttpPool(path));
  }
  /** Values lie under their hashes. */
  const hashes = new Map<string, string>();
  const ask = (number: number, request: Uint8Array, good: (body: Buffer) => boolean, done: Done) =>
    pools[number % pools.length]?.ask(
      request,
      (status, body) => done(status === 200 && good(body) ? null : `hyperdht: ${status} ${body}`),
      done,
    );
  return {
    name: "hyperdht",
    pids: children.map(({ pid }) => pid),
    retries: 0,
    put: (number, name, value, done) => {
      const good = (body: Buffer): boolean => hashes.set(name, body.toString()).has(name);
      ask(number, httpRequest("PUT", "/", named(name, value).bytes), good, done);
    },
    get: (number, name, value, done) => {
      const request = httpRequest("GET", `/${hashes.get(name)}`);
      ask(number, request, (body) => isValue(body, named(name, value)), done);
    },
    close: async () => {
      for (const pool of pools) pool.close();
      await Promise.all(children.map(killChild));
    },
  };
}

/** The value with its name in it, and as much of it as a datagram of theirs takes: so no two are the same. */
function named(name: string, { bytes, sha256 }: Value): Value {
  const own = Buffer.from(bytes.subarray(0, VALUE_BYTES));
  own.write(name);
  return { bytes: own, sha256 };
}

const VALUE_BYTES = 1_000;
