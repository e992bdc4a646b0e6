import { afterEach, expect, test } from "bun:test";
import { ack, callRaw, closeAll, deadPort, failureOf, HOST, openPeer, ping, RING } from "./peer.ts";

afterEach(closeAll);

test("a port that is taken is named", async () => {
  const one = await openPeer(1);
  const { port } = one.transport;
  expect((await failureOf(openPeer(2, { port }))).message).toBe(
    `Port ${port} is taken on ${HOST} (TCP): stop what uses it, or listen elsewhere (--base-port for a numbered peer, --port for another).`,
  );
});

test("a port that is taken for datagrams only is named too, and freed for streams", async () => {
  const socket = await Bun.udpSocket({ hostname: HOST, port: 0 });
  const failure = await failureOf(openPeer(1, { port: socket.port }));
  expect(failure.message).toContain(`Port ${socket.port} is taken on ${HOST} (UDP)`);
  const { port } = socket;
  socket.close();
  await openPeer(1, { port });
});

test("a host that is not of this machine is named", async () => {
  const failure = await failureOf(openPeer(1, { host: "203.0.113.7" }));
  expect(failure.message).toContain("203.0.113.7 is no address of this machine");
});

test("a host that does not exist is named", async () => {
  const failure = await failureOf(openPeer(1, { host: "no-such-host.invalid" }));
  expect(failure.message).toContain("no-such-host.invalid is unknown");
});

test("IPv6", async () => {
  const one = await openPeer(1, { host: "::1" });
  const two = await openPeer(2, { host: "::1" });
  const to = `[::1]:${two.transport.port}`;
  for (const channel of ["datagram", "stream"] as const) {
    one.transport.send(to, channel, ping(1));
    const { from } = await two.heard.first((heard) => heard.channel === channel);
    expect(from.address).toBe(`[::1]:${one.transport.port}`);
  }
});

test("a closed transport frees its port, closes its connections and calls nobody", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  one.transport.send(two.address, "stream", ack(1));
  await two.heard.first();
  const raw = await callRaw(one.transport.port);
  one.transport.watch([`${HOST}:${await deadPort()}`]);
  one.transport.send(two.address, "stream", ack(2));
  one.transport.close();
  one.transport.close();
  await raw.closed;
  // What was queued was written before the end.
  await two.heard.first(({ message }) => message.tag === "ack" && message.request === 2);

  const again = await openPeer(3, { port: one.transport.port });
  one.transport.send(two.address, "datagram", ping(3));
  one.transport.send(two.address, "stream", ack(3));
  one.transport.watch([two.address]);
  two.transport.send(again.address, "datagram", ping(4));
  expect((await again.heard.first()).message).toEqual(ping(4));
  expect(one.heard.seen).toEqual([]);
  expect(one.unreachable.seen).toEqual([]);
  expect(two.heard.seen).toHaveLength(2);
});

test("a peer without a ring is told which one it has met", async () => {
  const member = await openPeer(8, {
    message(from, message) {
      if (message.tag !== "introduce") return;
      member.transport.send(from.address, "stream", {
        tag: "introduction",
        request: message.request,
        bits: 48,
        strategy: "direct",
        pingIntervalMs: 5_000,
        replicationFactor: 3,
        proposedId: 77,
      });
    },
  });
  const joiner = await openPeer(0, { ring: 0 });
  const introduced = await joiner.transport.introduce(HOST, member.transport.port, 5_000);
  expect(introduced).toMatchObject({
    ring: RING,
    from: { id: 8, address: member.address },
    introduction: { proposedId: 77, pingIntervalMs: 5_000 },
  });
  const named = await joiner.transport.introduce("localhost", member.transport.port, 5_000);
  expect(named.from.address).toBe(member.address);
  expect(joiner.heard.seen).toEqual([]);
});

test("an introduction that nobody gives is a sentence that names the address", async () => {
  const joiner = await openPeer(0, { ring: 0 });
  const silent = await openPeer(8);
  const port = await deadPort();
  expect((await failureOf(joiner.transport.introduce(HOST, port, 5_000))).message).toContain(
    `Nobody listens at ${HOST}:${port}`,
  );
  const asked = joiner.transport.introduce(HOST, silent.transport.port, 50);
  expect((await failureOf(asked)).message).toContain(`No answer from ${silent.address}`);
});
