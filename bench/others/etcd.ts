/** etcd with three members, all of which keep everything; through gRPC, spread over all of them. */
import { join } from "node:path";
import { killChild } from "../children.ts";
import { PEERS } from "../limits.ts";
import type { System } from "../system.ts";
import { GrpcConnection } from "./grpc.ts";
import { freePorts, insist, startIn } from "./processes.ts";

/** A put waits until a majority has synced it, and a get until a majority has said who leads: its defaults. */
export async function openEtcd(program: string, dir: string): Promise<System> {
  const [clients, peers] = [freePorts(PEERS), freePorts(PEERS)];
  const cluster = peers.map((port, i) => `m${i}=http://127.0.0.1:${port}`).join(",");
  const children = clients.map((port, i) =>
    startIn(join(dir, String(i)), [
      program,
      ...["--name", `m${i}`, "--data-dir", "data", "--log-level", "error"],
      ...["--listen-client-urls", `http://127.0.0.1:${port}`],
      ...["--advertise-client-urls", `http://127.0.0.1:${port}`],
      ...["--listen-peer-urls", `http://127.0.0.1:${peers[i]}`],
      ...["--initial-advertise-peer-urls", `http://127.0.0.1:${peers[i]}`],
      ...["--initial-cluster", cluster],
    ]),
  );
  const connections: GrpcConnection[] = [];
  for (const port of clients) connections.push(await insist(() => GrpcConnection.open(port)));
  const at = (number: number) => connections[number % connections.length];
  const system: System = {
    name: "etcd",
    pids: children.map(({ pid }) => pid),
    retries: 0,
    put: (number, name, value, done) => {
      const message = Buffer.concat([field(1, Buffer.from(name)), field(2, value.bytes)]);
      at(number)?.call("/etcdserverpb.KV/Put", message, () => true, done);
    },
    get: (number, name, value, done) => {
      const message = field(1, Buffer.from(name));
      const good = (came: Buffer): boolean => came.includes(value.bytes);
      at(number)?.call("/etcdserverpb.KV/Range", message, good, done);
    },
    close: async () => {
      for (const connection of connections) connection.close();
      await Promise.all(children.map(killChild));
    },
  };
  return system;
}

/** Bytes as a field of a protocol buffer. */
function field(number: number, bytes: Uint8Array): Buffer {
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Buffer.of((number << 3) | 2, ...size), bytes]);
}
