import { afterEach, expect, test } from "bun:test";
import { ack, closeAll, deadPort, HOST, openPeer, spawnListener } from "./peer.ts";

afterEach(closeAll);

test("a dial that is refused is reported once", async () => {
  const one = await openPeer(1);
  const dead = `${HOST}:${await deadPort()}`;
  one.transport.send(dead, "stream", ack(1));
  one.transport.send(dead, "stream", ack(2));
  expect(await one.unreachable.first()).toEqual({ address: dead, how: "refused", broke: false });
  // The next report is of the next dial.
  const two = await openPeer(2);
  const next = two.heard.next();
  one.transport.send(two.address, "stream", ack(3));
  await next;
  expect(one.unreachable.seen).toHaveLength(1);
});

test("an address that is none is reported as out of reach", async () => {
  const one = await openPeer(1);
  one.transport.send("nonsense", "stream", ack(1));
  expect(await one.unreachable.first()).toEqual({
    address: "nonsense",
    how: "timeout",
    broke: false,
  });
});

test("a watched process that is killed is noticed at once", async () => {
  const one = await openPeer(1);
  const tookMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const child = await spawnListener();
    const address = `${HOST}:${child.port}`;
    one.transport.watch([address]);
    await child.greeted;
    const noticed = one.unreachable.next((report) => report.address === address);
    const killedAt = performance.now();
    child.kill();
    expect(await noticed).toEqual({ address, how: "refused", broke: false });
    tookMs.push(performance.now() - killedAt);
    await child.exited;
  }
  one.transport.watch([]);
  console.log(`noticed after ${tookMs.map((ms) => ms.toFixed(1)).join(", ")} ms`);
});

test("a refusal says whether the streams from there have broken too", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  const { port } = two.transport;
  two.transport.send(one.address, "stream", ack(1));
  await one.heard.first();
  one.transport.watch([two.address]);
  one.transport.send(two.address, "stream", ack(2));
  await two.heard.first();
  two.transport.close();
  const report = { address: two.address, how: "refused", broke: true } as const;
  expect(await one.unreachable.first()).toEqual(report);
  one.transport.watch([]);

  // Back again, with one stream open: what broke before says nothing of it.
  const again = await openPeer(3, { port });
  again.transport.send(one.address, "stream", ack(3));
  await one.heard.first(({ message }) => message.tag === "ack" && message.request === 3);
  const next = one.unreachable.next();
  one.transport.send(`${HOST}:${await deadPort()}`, "stream", ack(4));
  expect((await next).broke).toBe(false);
});

test("a dial beside the link reports a refusal, and nothing where it succeeds", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  const dead = `${HOST}:${await deadPort()}`;
  one.transport.dial(two.address);
  one.transport.dial(dead);
  one.transport.dial(dead);
  await one.unreachable.first();
  await one.unreachable.next();
  const report = { address: dead, how: "refused", broke: false } as const;
  expect(one.unreachable.seen).toEqual([report, report]);
  expect(two.transport.drops.totals).toEqual({ datagrams: 0, frames: 0 });
  expect(two.heard.seen).toEqual([]);
});

test("a watched address is had again when it comes back, without being asked", async () => {
  const one = await openPeer(1);
  const port = await deadPort();
  const address = `${HOST}:${port}`;
  one.transport.watch([address]);
  expect(await one.unreachable.first()).toEqual({ address, how: "refused", broke: false });

  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = Bun.listen({ hostname: HOST, port, socket: { data: () => resolve() } });
  await promise;
  listener.stop(true);
});

test("an address that is not watched any more is left alone", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  const { promise: connected, resolve: connect } = Promise.withResolvers<void>();
  const { promise: broken, resolve: breakOff } = Promise.withResolvers<void>();
  let connections = 0;
  const listener = Bun.listen({
    hostname: HOST,
    port: 0,
    socket: {
      open: () => {
        connections++;
      },
      data: () => connect(),
      close: () => breakOff(),
    },
  });
  one.transport.watch([`${HOST}:${listener.port}`]);
  await connected;
  one.transport.watch([two.address]);
  listener.stop(true);
  await broken;
  const heard = two.heard.next();
  one.transport.send(two.address, "stream", ack(1));
  await heard;
  expect(connections).toBe(1);
  expect(one.unreachable.seen).toEqual([]);
});

test("a link that was closed while idle is dialled again for the next message", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  one.transport.send(two.address, "stream", ack(1));
  await two.heard.first();
  two.transport.close();
  const again = await openPeer(3, { port: two.transport.port });
  one.transport.send(two.address, "stream", ack(2));
  // It may have gone into the old connection; then the next finds that closed.
  const resend = setInterval(() => one.transport.send(two.address, "stream", ack(3)), 5);
  await again.heard.first();
  clearInterval(resend);
  expect(one.unreachable.seen).toEqual([]);
});

test("a link that always breaks is not dialled without end", async () => {
  const one = await openPeer(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  let connections = 0;
  const listener = Bun.listen({
    hostname: HOST,
    port: 0,
    socket: {
      open(socket) {
        connections++;
        if (connections === 6) resolve();
        socket.terminate();
      },
      data() {},
    },
  });
  const startedAt = performance.now();
  one.transport.watch([`${HOST}:${listener.port}`]);
  await promise;
  // Five at once, the sixth only after the wait.
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  listener.stop(true);
});
