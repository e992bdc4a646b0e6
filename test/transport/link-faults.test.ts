/** Faults that a lab puts between two peers, tried with two real transports. */
import { afterEach, expect, test } from "bun:test";
import { type LinkFault, LinkFaults } from "../../src/transport/link-faults.ts";
import { ack, closeAll, openPeer, type Peer, ping } from "./peer.ts";

afterEach(closeAll);

type Two = { one: Peer; other: Peer; faults: LinkFaults };

/** The faults stand at the second. */
async function openTwo(random?: () => number): Promise<Two> {
  const faults = new LinkFaults(random);
  const [one, other] = await Promise.all([openPeer(1), openPeer(2, { faults })]);
  return { one, other, faults };
}

function fault(kind: LinkFault["kind"], from: Peer, amount = 0): LinkFault {
  return { kind, from: [from.address], amount };
}

function noncesIn(peer: Peer): number[] {
  return peer.heard.seen.flatMap(({ message }) => (message.tag === "ping" ? [message.nonce] : []));
}

function acksIn(peer: Peer): number[] {
  return peer.heard.seen.flatMap(({ message }) => (message.tag === "ack" ? [message.request] : []));
}

/** What was sent before by datagram has come, or never will: one more on the same way is there. */
async function flush(from: Peer, to: Peer, faults: LinkFaults, nonce: number): Promise<void> {
  faults.set([]);
  from.transport.send(to.address, "datagram", ping(nonce));
  await to.heard.first(({ message }) => message.tag === "ping" && message.nonce === nonce);
}

/** Long enough for what is not held back on one machine; what is held back has no time. */
const AMPLE_MS = 60;

test("in a cut no datagram comes, and a stream's bytes come when it is mended, in order", async () => {
  const { one, other, faults } = await openTwo();
  one.transport.send(other.address, "stream", ack(1));
  await other.heard.first();
  faults.set([fault("cut", one)]);
  for (const request of [2, 3]) one.transport.send(other.address, "stream", ack(request));
  one.transport.send(other.address, "datagram", ping(7));
  await Bun.sleep(AMPLE_MS);
  expect([acksIn(other), noncesIn(other)]).toEqual([[1], []]);
  faults.set([]);
  await other.heard.first(({ message }) => message.tag === "ack" && message.request === 3);
  expect(acksIn(other)).toEqual([1, 2, 3]);
  await flush(one, other, faults, 8);
  expect(noncesIn(other)).toEqual([8]);
});

test("a cut carries one way, and dials across it are not answered from either end", async () => {
  const { one, other, faults } = await openTwo();
  faults.set([fault("cut", one)]);
  other.transport.send(one.address, "datagram", ping(5));
  await one.heard.first();
  const began = performance.now();
  other.transport.dial(one.address);
  expect((await other.unreachable.first()).how).toBe("timeout");
  expect(performance.now() - began).toBeGreaterThan(900);
  faults.set([fault("unanswered", one)]);
  one.transport.send(other.address, "datagram", ping(6));
  await other.heard.first();
  other.transport.dial(one.address);
  expect((await other.unreachable.next()).how).toBe("timeout");
});

test("a stream that is opened when the cut is made already brings nothing", async () => {
  const { one, other, faults } = await openTwo();
  faults.set([fault("cut", one)]);
  // The first knows nothing of the cut, so its dial is answered.
  one.transport.send(other.address, "stream", ack(1));
  await Bun.sleep(AMPLE_MS);
  expect(other.heard.seen).toEqual([]);
  expect(other.transport.drops.rows().map(({ reason }) => reason)).toContain("cut off by the lab");
});

test("what a sender has reset in a cut does not come when it is mended", async () => {
  const { one, other, faults } = await openTwo();
  one.transport.send(other.address, "stream", ack(1));
  await other.heard.first();
  faults.set([fault("cut", one)]);
  one.transport.send(other.address, "stream", ack(2));
  await Bun.sleep(AMPLE_MS);
  one.transport.sever(other.address);
  await Bun.sleep(AMPLE_MS);
  faults.set([]);
  one.transport.send(other.address, "stream", ack(3));
  await other.heard.first(({ message }) => message.tag === "ack" && message.request === 3);
  expect(acksIn(other)).toEqual([1, 3]);
});

test("a delay holds for datagrams and streams, and keeps a stream's order", async () => {
  const { one, other, faults } = await openTwo();
  one.transport.send(other.address, "stream", ack(0));
  await other.heard.first();
  faults.set([fault("delay", one, 150)]);
  const began = performance.now();
  one.transport.send(other.address, "datagram", ping(1));
  for (let request = 1; request <= 20; request++)
    one.transport.send(other.address, "stream", ack(request));
  await other.heard.next();
  expect(performance.now() - began).toBeGreaterThan(149);
  await other.heard.first(({ message }) => message.tag === "ack" && message.request === 20);
  expect(acksIn(other)).toEqual(Array.from({ length: 21 }, (_, i) => i));
});

test("all are lost, doubled, or out of order, and only those from there", async () => {
  const { one, other, faults } = await openTwo();
  faults.set([fault("loss", one, 1)]);
  for (let nonce = 1; nonce <= 5; nonce++)
    one.transport.send(other.address, "datagram", ping(nonce));
  const third = await openPeer(3);
  third.transport.send(other.address, "datagram", ping(99));
  await other.heard.first(({ from }) => from.id === 3);
  await flush(one, other, faults, 10);
  expect(noncesIn(other).filter((nonce) => nonce <= 10)).toEqual([10]);
  faults.set([fault("duplicate", one, 1)]);
  one.transport.send(other.address, "datagram", ping(20));
  await other.heard.first(({ message }) => message.tag === "ping" && message.nonce === 20);
  await other.heard.next(({ message }) => message.tag === "ping" && message.nonce === 20);
});

test("one that is late is overtaken", async () => {
  // The first is late, the second is not.
  const draws = [0, 1, 0.9];
  const { one, other, faults } = await openTwo(() => draws.shift() ?? 0.9);
  faults.set([fault("reorder", one, 0.5)]);
  one.transport.send(other.address, "datagram", ping(1));
  one.transport.send(other.address, "datagram", ping(2));
  await other.heard.first(({ message }) => message.tag === "ping" && message.nonce === 1);
  expect(noncesIn(other)).toEqual([2, 1]);
});

test("streams are reset, and what comes next has a new one", async () => {
  const { one, other, faults } = await openTwo();
  one.transport.watch([other.address]);
  one.transport.send(other.address, "stream", ack(1));
  await other.heard.first();
  faults.reset([one.address]);
  one.transport.send(other.address, "stream", ack(2));
  await Bun.sleep(AMPLE_MS);
  one.transport.send(other.address, "stream", ack(3));
  await other.heard.first(({ message }) => message.tag === "ack" && message.request === 3);
  expect(other.faults).toEqual([]);
});
