/** Load of one's own: operations from a file, and a program that says what it did. */
import { describe, expect, test } from "bun:test";
import type { Operation } from "../../src/checks/history.ts";
import type { ClientRing, ControlledClient } from "../../src/lab/asker.ts";
import { Clients } from "../../src/lab/clients.ts";
import { ExecClient } from "../../src/lab/exec-client.ts";
import { ordersOf } from "../../src/lab/orders.ts";
import { makeRandom } from "../../src/protocol/model/random.ts";
import { recordOf } from "../store/records.ts";

const LIMIT_MS = 60_000;
const random = makeRandom(1);

describe("a file of operations", () => {
  test("is asked by each client in its order, and then anew", () => {
    const rows = [
      `{"what":"store","name":"2067","size":500,"client":2,"pause":5}`,
      "",
      `{"what":"request","name":"2067"}`,
      `{"what":"remove","name":"4103","client":2,"peer":8}`,
    ];
    const orders = ordersOf("w.jsonl", rows);
    expect(orders.clients).toEqual([1, 2]);
    expect(orders.names).toEqual(["2067", "4103"]);
    const asked = [2, 2, 2, 1, 1].map((client) => orders.next(client, random));
    expect(asked.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "store 2067",
      "remove 4103",
      "store 2067",
      "request 2067",
      "request 2067",
    ]);
    expect(asked[0]).toMatchObject({ size: 500, pauseMs: 5, peer: null });
    expect(asked[1]).toMatchObject({ size: 0, pauseMs: 160, peer: 8 });
  });

  test.each([
    [[""], "has no operation."],
    [["x"], "line 1: is no JSON."],
    [[`{"what":"eat","name":"1"}`], `line 1: "what" is "eat", and none of store, remove, request.`],
    [["", `{"what":"store"}`], `line 2: "name" is missing, and no text.`],
    [[`{"what":"store","name":"1","size":-1}`], `line 1: "size" is -1, and no whole number.`],
    [[`{"what":"store","name":"1","wait":1}`], `line 1: "wait" is none of what, name, size,`],
    [[`{"what":"store","name":"1","client":0}`], `line 1: "client" is 0, and not from 1 to 1000.`],
  ])("that makes no sense is told with its line: %j", (rows, sentence) => {
    expect(() => ordersOf("w.jsonl", rows)).toThrow(sentence);
  });

  test("is what clients ask, at those peers and of that size", async () => {
    const sizes: number[] = [];
    const asked: string[] = [];
    const control = (id: number): ControlledClient => ({
      store: async (name, content) => {
        const bytes = new Uint8Array(await new Response(content).arrayBuffer());
        sizes.push(bytes.length);
        asked.push(`${id} store ${name}`);
        const record = recordOf(name, bytes, 1);
        const rest = { replicas: [1], wanted: 1, withoutReplica: [], route: [id] };
        return { kind: "stored", record, ...rest };
      },
      remove: async (name) => {
        asked.push(`${id} remove ${name}`);
        return { kind: "missing", owner: 1, route: [] };
      },
      request: async () => {
        throw new Error("nobody asks for it");
      },
    });
    const rows = [
      `{"what":"store","name":"2067","size":5000,"pause":0,"peer":3}`,
      `{"what":"remove","name":"2067","pause":0,"peer":2}`,
    ];
    const ring = { living: () => [1, 2, 3], control };
    const clients = new Clients(ring, ordersOf("w.jsonl", rows), 7);
    clients.start();
    while (clients.operations.length < 4) await Bun.sleep(1);
    await clients.stop();
    expect(asked.slice(0, 4)).toEqual([
      "3 store 2067",
      "2 remove 2067",
      "3 store 2067",
      "2 remove 2067",
    ]);
    expect(new Set(sizes)).toEqual(new Set([5_000]));
    const contents = clients.operations.flatMap(({ content }) => content ?? []);
    expect(new Set(contents).size).toBe(contents.length);
  });
});

describe("a client of one's own", () => {
  const RING: ClientRing = { living: () => [], control: () => undefined };
  const DONE: Operation = {
    ...{ client: 1, peer: 2, kind: "store", name: "7", content: "a", start: 1, end: 2 },
    outcome: { kind: "done", replicas: [2] },
  };
  const OPEN: Operation = {
    ...DONE,
    content: "b",
    start: 3,
    end: null,
    outcome: { kind: "unknown" },
  };
  const say = (value: unknown) => `console.log(${JSON.stringify(JSON.stringify(value))});`;

  /** Runs a program as a client, until so many operations have come, and has it end. */
  async function ran(
    program: string,
    least: number,
    endMs = LIMIT_MS,
  ): Promise<readonly Operation[]> {
    const told: Operation[] = [];
    const surroundings = () => ({ peers: [{ id: 2, data: "/d/2" }], names: ["7", "8"] });
    const command = [process.execPath, "-e", program];
    const tell = (each: Operation) => void told.push(each);
    const client = new ExecClient(command, RING, surroundings, 1, tell, endMs);
    client.start();
    while (told.length < least) await Bun.sleep(2);
    try {
      await client.stop();
    } finally {
      expect(client.busy).toBe(false);
      expect(client.operations).toEqual(told);
    }
    return told;
  }

  test(
    "prints a line for each operation, what is under way too when it is told to end",
    async () => {
      const end = `process.on("SIGTERM", () => { ${say(OPEN)} process.exit(0); });`;
      const told = await ran(`${end} ${say(DONE)} setInterval(() => {}, 1000);`, 1);
      expect(told).toEqual([DONE, OPEN]);
    },
    LIMIT_MS,
  );

  test(
    "is told where the peers are, and which names are free",
    async () => {
      const peers = "JSON.parse(process.env.P2P_PEERS)[0]";
      const names = "process.env.P2P_NAMES";
      const shown = `console.log(JSON.stringify({ ...${JSON.stringify(DONE)}, peer: ${peers}.id, content: ${peers}.data, name: ${names} }));`;
      expect(await ran(shown, 1)).toMatchObject([{ peer: 2, content: "/d/2", name: "7 8" }]);
    },
    LIMIT_MS,
  );

  test.each([
    ["no JSON", `console.log("hello");`, "printed no operation in line 2 (it is no JSON)"],
    ["no client", say({ ...DONE, client: 0 }), `printed no operation in line 2 ("client" is 0`],
    ["an end before its start", say({ ...DONE, end: 0 }), `("end" is before "start")`],
    ["no end", `process.on("SIGTERM", () => {});`, "did not end when it was told to"],
  ])(
    "that breaks the rules makes the run inconclusive: %s",
    async (_, program, sentence) => {
      const waits = "setInterval(() => {}, 1000);";
      const whole = `${say(DONE)} ${program} ${say(DONE)} ${waits}`;
      await expect(ran(whole, 2, 300)).rejects.toThrow(sentence);
    },
    LIMIT_MS,
  );

  test("that is not there says so", async () => {
    const client = new ExecClient(["/no/such/program"], RING, () => ({ peers: [], names: [] }), 1);
    client.start();
    await expect(client.stop()).rejects.toThrow("The client cannot be run");
  });
});
