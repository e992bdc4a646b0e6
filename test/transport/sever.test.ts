/** What lies in a kernel: how old it is when it is read after all, and how it is taken back. */
import { afterEach, expect, test } from "bun:test";
import type { Message } from "../../src/protocol/model/messages.ts";
import { ack, closeAll, HOST, Mailbox, openPeer, ping, RING } from "./peer.ts";

afterEach(closeAll);

const COUNT = 30;

type Got = { request: number; heldMs: number | null };

/** A transport in a process of its own, which can be frozen; it tells what it hears. */
async function spawnPeer() {
  const program = `
    const { openTransport } = await import(${JSON.stringify(new URL("../../src/transport/transport.ts", import.meta.url).pathname)});
    const transport = await openTransport({
      host: "${HOST}", port: 0,
      sender: () => ({ ring: ${RING}, id: 2, incarnation: 1, instance: "00000000000000bb", state: "alive", port: transport.port }),
      message: (from, message, channel, body, heldMs) => console.log(JSON.stringify({ request: message.request, heldMs })),
      unreachable() {}, open: () => ({ refused: "nothing" }), isMember: () => true, fault(error) { throw error; },
    });
    console.log(transport.port);
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  const got = new Mailbox<Got>();
  const { promise, resolve } = Promise.withResolvers<number>();
  void (async () => {
    let rest = "";
    for await (const bytes of child.stdout) {
      const lines = (rest + new TextDecoder().decode(bytes)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("{")) got.put(JSON.parse(line));
        else resolve(Number(line));
      }
    }
  })();
  return { address: `${HOST}:${await promise}`, got, child };
}

function numberOf(message: Message): number {
  if (message.tag === "ping") return message.nonce;
  return message.tag === "ack" ? message.request : 0;
}

/** Sends until the other can tell how old a message is. @returns the next free number */
async function acquaint(send: (request: number) => void, got: Mailbox<Got>): Promise<number> {
  for (let request = 1; ; request++) {
    const next = got.first((one) => one.request === request);
    send(request);
    if ((await next).heldMs !== null) return request + 1;
  }
}

test("a message tells how old it is once a hello has come back, and a datagram never", async () => {
  const one = await openPeer(1);
  const got = new Mailbox<Got>();
  const two = await openPeer(2, {
    message: (...[, message, , , heldMs]) => got.put({ request: numberOf(message), heldMs }),
  });
  const startedAt = performance.now();
  const next = await acquaint(
    (request) => one.transport.send(two.address, "stream", ack(request)),
    got,
  );
  expect(got.seen[0]).toEqual({ request: 1, heldMs: null });
  expect(got.seen.at(-1)?.heldMs).toBeWithin(0, performance.now() - startedAt + 1);
  one.transport.send(two.address, "datagram", ping(next));
  expect((await got.first(({ request }) => request === next)).heldMs).toBeNull();
});

test("what a frozen process reads when it wakes is as old as it is", async () => {
  const { address, got, child } = await spawnPeer();
  const one = await openPeer(1);
  const next = await acquaint(
    (request) => one.transport.send(address, "stream", ack(request)),
    got,
  );
  child.kill("SIGSTOP");
  const sentAt = performance.now();
  one.transport.send(address, "stream", ack(next));
  await Bun.sleep(1_200);
  const thawedAt = performance.now();
  child.kill("SIGCONT");
  const { heldMs } = await got.first(({ request }) => request === next);
  // Not younger than it is; older by no more than the way of a hello there and back, and rounding.
  expect(heldMs).toBeGreaterThan(thawedAt - sentAt - 5);
  child.kill("SIGKILL");
});

test.each(["the address", "all that is dialled"])(
  "where %s is severed what is under way never arrives; what is sent afterwards does",
  async (what) => {
    const { address, got, child } = await spawnPeer();
    const one = await openPeer(1);
    let next = await acquaint(
      (request) => one.transport.send(address, "stream", ack(request)),
      got,
    );
    child.kill("SIGSTOP");
    // More than its kernel takes while it is frozen, but not more than the one here does.
    const body = new Uint8Array(60_000);
    const first = next;
    for (; next < first + COUNT; next++) {
      const origin = { id: 1, address: one.address, instance: "01".repeat(8) };
      const content = { size: body.length, sha256: "ab".repeat(32) };
      const write = { number: 1, after: 0, require: 0 };
      const ask = { kind: "store", name: "a", key: 1, content, write } as const;
      one.transport.send(
        address,
        "stream",
        {
          ...{ tag: "routed", request: next, origin, route: [1], ask },
          ...{ leftMs: 0, counter: 0, avoid: [], back: false, lost: false },
        },
        body,
      );
    }
    const last = next - 1;
    // All that the kernels take is written in the turns that follow.
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    if (what === "the address") one.transport.sever(address);
    else one.transport.severDialled();
    child.kill("SIGCONT");
    one.transport.send(address, "stream", ack(next));
    await got.first(({ request }) => request === next);
    expect(got.seen.some(({ request }) => request === last)).toBe(false);
    console.log(
      `${got.seen.filter(({ request }) => request >= first).length - 1} of ${COUNT} had arrived already`,
    );
    child.kill("SIGKILL");
  },
);

test("what came from a severed address and is not read yet is not heard", async () => {
  const two = await openPeer(2);
  const heard: number[] = [];
  const first = Promise.withResolvers<void>();
  const again = Promise.withResolvers<void>();
  const one = await openPeer(1, {
    message(from, message) {
      const request = message.tag === "ack" ? message.request : 0;
      heard.push(request);
      if (request === 1) {
        one.transport.sever(from.address);
        first.resolve();
      }
      if (request === 1_000) again.resolve();
    },
  });
  for (let request = 1; request < 1_000; request++)
    two.transport.send(one.address, "stream", ack(request));
  await first.promise;
  const resend = setInterval(() => two.transport.send(one.address, "stream", ack(1_000)), 20);
  await again.promise;
  clearInterval(resend);
  expect(heard.filter((request) => request < 1_000)).toEqual([1]);
});
