import { expect, test } from "bun:test";
import { ControlClosed, ControlRefused, type Incoming } from "../../src/control/client.ts";
import type { ControlledClient } from "../../src/lab/asker.ts";
import { Clients } from "../../src/lab/clients.ts";
import { sha256 } from "../../src/lab/corpus.ts";
import { historyBroken } from "../../src/lab/judge.ts";
import { drawnOrders } from "../../src/lab/orders.ts";
import type { FileRecord } from "../../src/protocol/model/files.ts";
import { recordOf as stored } from "../store/records.ts";

const PEERS = [1, 2, 3];
const NAMES = ["0001", "0002"];

/** A ring without a network: all its control sockets lead to the same files. */
class FakeRing {
  readonly files = new Map<string, Uint8Array>();
  stores = 0;
  /** Called before each store, with all that were made so far. */
  before: (made: readonly { name: string; content: Uint8Array }[]) => void = () => {};
  private readonly made: { name: string; content: Uint8Array }[] = [];

  living = (): readonly number[] => PEERS;

  control = (id: number): ControlledClient => ({
    store: async (name, content) => {
      this.stores += 1;
      this.before(this.made);
      if (this.stores % 7 === 0) throw new ControlClosed("it went away");
      if (this.stores % 5 === 0) throw new ControlRefused("too many", "busy");
      const bytes = new Uint8Array(await new Response(content).arrayBuffer());
      this.files.set(name, bytes);
      this.made.push({ name, content: bytes });
      return {
        kind: "stored",
        record: recordOf(name, bytes),
        replicas: PEERS,
        wanted: 3,
        withoutReplica: [],
        route: [id],
      };
    },
    remove: async (name) => {
      if (!this.files.delete(name)) return { kind: "missing", owner: 1, route: [] };
      const record = recordOf(name, new Uint8Array());
      return {
        kind: "stored",
        record,
        replicas: PEERS,
        wanted: 3,
        withoutReplica: [],
        route: [id],
      };
    },
    request: async (name) => {
      const bytes = this.files.get(name);
      if (bytes === undefined) throw new ControlRefused("nobody has it", "not-found");
      const read: Incoming["read"] = async (take) => void (await take(bytes));
      return { size: bytes.length, sha256: sha256(bytes), from: 1, route: [], read };
    },
  });
}

function recordOf(name: string, bytes: Uint8Array): FileRecord {
  return stored(name, bytes, 1);
}

/** Lets clients work until so many operations have ended, and judges what they were told. */
async function judged(ring: FakeRing, least: number) {
  const clients = new Clients(ring, drawnOrders(NAMES, 4), 7);
  clients.start();
  while (clients.operations.length < least) await Bun.sleep(5);
  await clients.stop();
  await clients.readAll();
  const endings = NAMES.map((name) => {
    const bytes = ring.files.get(name);
    return { name, value: bytes === undefined ? null : sha256(bytes), conflicts: [] };
  });
  const situations = [{ from: 0, running: PEERS, frozen: [], severed: [] }];
  return {
    clients,
    broken: historyBroken({ operations: clients.operations, situations, endings }),
  };
}

test("clients are told what fits together by a right ring, and take down how it went", async () => {
  const { clients, broken } = await judged(new FakeRing(), 60);
  expect(broken).toBe(null);
  const { done, refused, unknown } = clients.counts();
  expect(done).toBeGreaterThan(30);
  expect(Math.min(refused, unknown)).toBeGreaterThan(0);
  const kinds = new Set(clients.operations.map((operation) => operation.kind));
  expect([...kinds].sort()).toEqual(["remove", "request", "store"]);
  const contents = clients.operations.flatMap((o) => (o.kind === "store" ? [o.content] : []));
  expect(new Set(contents).size).toBe(contents.length);
}, 30_000);

test("a ring that executes a store once more is found out", async () => {
  const ring = new FakeRing();
  ring.before = (made) => {
    const old = made.at(-6);
    if (old !== undefined) ring.files.set(old.name, old.content);
  };
  const { broken } = await judged(ring, 80);
  expect(["D6", "D7"]).toContain(broken?.check ?? "none");
}, 30_000);
