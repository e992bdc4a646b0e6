import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Address } from "../../src/protocol/model/member.ts";
import { drawOwnKeys, type OwnKeys } from "../../src/seal/credentials.ts";
import { type Key, Keyring, keyOf } from "../../src/seal/keyring.ts";
import { Secret, type SecretKind } from "../../src/seal/secret.ts";
import type { LockedOut, Transport } from "../../src/transport/types.ts";
import {
  ack,
  callRaw,
  closeAll,
  frameOf,
  HOST,
  Mailbox,
  openPeer,
  type Peer,
  ping,
  RING,
  routed,
  sender,
} from "./peer.ts";

type Closed = Peer & {
  readonly keyring: Keyring;
  readonly key: Key;
  readonly lockedOut: Mailbox<{ address: Address; why: LockedOut }>;
};

const KINDS = ["user", "ring"] as const;
let owns: OwnKeys[] = [];

beforeAll(async () => {
  owns = await Promise.all(Array.from({ length: 4 }, () => drawOwnKeys()));
});

afterEach(closeAll);

function secretOf(kind: SecretKind, fill: number): Secret {
  return new Secret(kind, new Uint8Array(32).fill(fill));
}

/** A peer of a ring that is closed by a key. */
async function openClosed(
  id: number,
  secret: Secret,
  alias: () => readonly Address[] = () => [],
  host = HOST,
): Promise<Closed> {
  const own = owns[id];
  if (own === undefined) throw new Error(`no keys for peer ${id}`);
  const key = await keyOf(secret, own);
  const keyring = new Keyring(key);
  const lockedOut = new Mailbox<{ address: Address; why: LockedOut }>();
  const peer: Peer = await openPeer(id, {
    host,
    sender: () => ({ ...sender(id, port()), ring: RING, instance: own.instance }),
    closure: {
      ...{ keyring, run: own.instance, alsoKnownAs: alias },
      lockedOut: (address, why) => lockedOut.put({ address, why }),
      errand: (socket) => socket.end(),
    },
  });
  const port = (): number => peer.transport.port;
  return { ...peer, keyring, key, lockedOut };
}

describe.each(KINDS)("closed by a key of the kind %s", (kind) => {
  test.each(["datagram", "stream"] as const)("a message by %s arrives", async (channel) => {
    const one = await openClosed(1, secretOf(kind, 1));
    const two = await openClosed(2, secretOf(kind, 1));
    one.transport.send(two.address, channel, ping(7));
    const heard = await two.heard.first();
    expect(heard).toMatchObject({ message: ping(7), channel });
    expect(heard.from).toMatchObject({ id: 1, address: one.address });
    two.transport.send(heard.from.address, channel, ping(8));
    expect((await one.heard.first()).message).toEqual(ping(8));
  });

  test.each(["datagram", "stream"] as const)(
    "one that listens everywhere is reached by %s where it is called",
    async (channel) => {
      const one = await openClosed(1, secretOf(kind, 1));
      const called: Address[] = [];
      const two = await openClosed(2, secretOf(kind, 1), () => called, "0.0.0.0");
      // The system answers datagrams from the address that it finds fit, which is another.
      const there = `127.0.0.2:${two.transport.port}`;
      called.push(there);
      one.transport.send(there, channel, ping(7));
      expect(await two.heard.first()).toMatchObject({ message: ping(7), channel });
    },
  );

  test("streams keep the order of many messages", async () => {
    const one = await openClosed(1, secretOf(kind, 1));
    const two = await openClosed(2, secretOf(kind, 1));
    const count = 2_000;
    for (let i = 0; i < count; i++) one.transport.send(two.address, "stream", ack(i));
    await two.heard.first(({ message }) => message.tag === "ack" && message.request === count - 1);
    expect(two.heard.seen.map(({ message }) => message)).toEqual(
      Array.from({ length: count }, (_, i) => ack(i)),
    );
  });

  test("one with another key is not heard, and is told nothing", async () => {
    const one = await openClosed(1, secretOf(kind, 1));
    const other = await openClosed(2, secretOf(kind, 2));
    other.transport.send(one.address, "datagram", ping(7));
    other.transport.send(one.address, "stream", ping(7));
    expect(await other.lockedOut.first()).toEqual({ address: one.address, why: "stranger" });
    expect(one.heard.seen).toEqual([]);
  });

  test("one whose key was changed is told so", async () => {
    const one = await openClosed(1, secretOf(kind, 1));
    const late = await openClosed(2, secretOf(kind, 1));
    one.keyring.use(await keyOf(secretOf(kind, 2), owns[1] ?? (await drawOwnKeys())));
    one.keyring.refuse(one.key.secret, "rotated");
    late.transport.send(one.address, "stream", ping(7));
    expect(await late.lockedOut.first()).toEqual({ address: one.address, why: "rotated" });
    expect(one.heard.seen).toEqual([]);
  });

  test("both keys are taken while they change", async () => {
    const one = await openClosed(1, secretOf(kind, 1));
    const two = await openClosed(2, secretOf(kind, 1));
    one.transport.send(two.address, "datagram", ping(1));
    await two.heard.first();
    const next = secretOf(kind, 2);
    one.keyring.accept(await keyOf(next, owns[1] ?? (await drawOwnKeys())));
    two.keyring.use(await keyOf(next, owns[2] ?? (await drawOwnKeys())));
    for (const channel of ["datagram", "stream"] as const) {
      one.transport.send(two.address, channel, ping(2));
      await two.heard.first((heard) => heard.channel === channel && sameNonce(heard.message, 2));
      two.transport.send(one.address, channel, ping(3));
      await one.heard.first((heard) => heard.channel === channel && sameNonce(heard.message, 3));
    }
  });

  test("what is said in the clear is not answered, and not heard", async () => {
    const one = await openClosed(1, secretOf(kind, 1));
    const stranger = await callRaw(one.transport.port);
    stranger.write(frameOf(ping(1)));
    await stranger.closed;
    const open = await openPeer(3);
    open.transport.send(one.address, "datagram", ping(1));
    // Whatever comes after it has come as well.
    const two = await openClosed(2, secretOf(kind, 1));
    two.transport.send(one.address, "datagram", ping(2));
    await one.heard.first();
    expect(one.heard.seen.map(({ message }) => message)).toEqual([ping(2)]);
    expect(stranger.got.seen).toEqual([]);
    expect(open.heard.seen).toEqual([]);
  });

  test("a peer that dies is noticed by who watches it", async () => {
    const one = await openClosed(1, secretOf(kind, 1));
    const two = await openClosed(2, secretOf(kind, 1));
    one.transport.send(two.address, "stream", ping(1));
    await two.heard.first();
    one.transport.watch([two.address]);
    two.transport.close();
    expect(await one.unreachable.first()).toMatchObject({ address: two.address, how: "refused" });
  });
});

test("no member speaks in another's name", async () => {
  const secret = secretOf("ring", 1);
  const one = await openClosed(1, secret);
  const own = owns[2];
  if (own === undefined) throw new Error("no keys");
  const liar: Transport = (
    await openPeer(2, {
      sender: () => ({ ...sender(3, 9), ring: RING, instance: owns[3]?.instance ?? "" }),
      closure: {
        ...{ keyring: new Keyring(await keyOf(secret, own)), run: own.instance },
        ...{ alsoKnownAs: () => [], lockedOut() {}, errand() {} },
      },
    })
  ).transport;
  for (const channel of ["datagram", "stream"] as const) liar.send(one.address, channel, ping(1));
  const two = await openClosed(3, secret);
  for (const channel of ["datagram", "stream"] as const) {
    two.transport.send(one.address, channel, ping(2));
    await one.heard.first((heard) => heard.channel === channel);
  }
  expect(one.heard.seen.every(({ message }) => sameNonce(message, 2))).toBe(true);
});

test("a datagram that is played back does nothing, and is not answered", async () => {
  const secret = secretOf("ring", 1);
  const alias: Address[] = [];
  const one = await openClosed(1, secret, () => alias);
  const two = await openClosed(2, secret);
  const third = await openClosed(3, secret);
  const recorded: Uint8Array[] = [];
  const answers = new Mailbox<number>();
  // Who is on the way hears all, and passes it on.
  const middle = await Bun.udpSocket({
    hostname: HOST,
    binaryType: "uint8array",
    socket: {
      data(socket, bytes, port) {
        const from = port === two.transport.port;
        if (from) recorded.push(bytes.slice());
        else answers.put(bytes.length);
        socket.send(bytes, from ? one.transport.port : two.transport.port, HOST);
      },
    },
  });
  alias.push(`${HOST}:${middle.port}`);
  two.transport.send(`${HOST}:${middle.port}`, "datagram", ping(1));
  await one.heard.first();
  expect(recorded.length).toBe(2);
  const answered = answers.seen.length;

  for (const to of [one, third])
    for (const bytes of recorded) middle.send(bytes, to.transport.port, HOST);
  for (const to of [one, third]) {
    two.transport.send(to.address, "datagram", ping(2));
    await to.heard.first(({ message }) => sameNonce(message, 2));
  }
  expect(one.heard.seen.length).toBe(2);
  expect(third.heard.seen.length).toBe(1);
  expect(answers.seen.length).toBe(answered);
  middle.close();
});

test("a flipped byte costs a datagram, or the connection", async () => {
  const secret = secretOf("ring", 1);
  const alias: Address[] = [];
  const one = await openClosed(1, secret, () => alias);
  const two = await openClosed(2, secret);
  let flips = false;
  const proxy = await openProxy(one, (bytes) => {
    const at = Math.floor(bytes.length / 2);
    if (flips) bytes[at] = (bytes[at] ?? 0) ^ 1;
  });
  alias.push(proxy.address);
  const body = new Uint8Array(4_000).fill(120);
  two.transport.send(proxy.address, "stream", ack(1));
  await one.heard.first();
  flips = true;
  two.transport.send(proxy.address, "stream", routed(2, body.length), body);
  await proxy.closed.first();
  expect(one.heard.seen.length).toBe(1);
  expect(one.faults).toEqual([]);
  proxy.stop();
});

test("no name, id or content can be read on the way", async () => {
  const secret = secretOf("ring", 1);
  const alias: Address[] = [];
  const one = await openClosed(1, secret, () => alias);
  const two = await openClosed(2, secret);
  const passed: Uint8Array[] = [];
  const proxy = await openProxy(one, (bytes) => passed.push(bytes.slice()));
  alias.push(proxy.address);
  const content = "nobody is to read this on the way";
  const body = new TextEncoder().encode(content);
  two.transport.send(proxy.address, "stream", routed(1, body.length), body);
  await one.heard.first();
  const bytes = Buffer.concat(passed);
  expect(bytes.length).toBeGreaterThan(content.length);
  expect(bytes.includes(content)).toBe(false);
  expect(bytes.includes(Buffer.from(owns[2]?.instance ?? "", "hex"))).toBe(false);
  proxy.stop();
});

/** Passes streams on to a peer, both ways, by way of one who sees and may change them. */
async function openProxy(
  to: Peer,
  meddle: (bytes: Uint8Array) => void,
): Promise<{ address: Address; closed: Mailbox<number>; stop(): void }> {
  const closed = new Mailbox<number>();
  type Side = { out: Promise<Bun.Socket<undefined>> };
  const proxy = Bun.listen<Side>({
    hostname: HOST,
    port: 0,
    socket: {
      binaryType: "uint8array",
      open(socket) {
        const out = Bun.connect<undefined>({
          hostname: HOST,
          port: to.transport.port,
          socket: {
            binaryType: "uint8array",
            data(_, bytes) {
              meddle(bytes);
              socket.write(bytes);
            },
            close: () => {
              closed.put(closed.seen.length + 1);
              socket.end();
            },
          },
        });
        socket.data = { out };
      },
      data({ data }, bytes) {
        const copy = bytes.slice();
        meddle(copy);
        void data.out.then((out) => out.write(copy));
      },
      close({ data }) {
        void data.out.then((out) => out.end());
      },
    },
  });
  return { address: `${HOST}:${proxy.port}`, closed, stop: () => proxy.stop(true) };
}

function sameNonce(message: { tag: string }, nonce: number): boolean {
  return message.tag === "ping" && "nonce" in message && message.nonce === nonce;
}
