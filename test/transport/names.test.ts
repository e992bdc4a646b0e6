/** Peers that are known by a host's name, which may lead elsewhere tomorrow. */
import { afterEach, expect, test } from "bun:test";
import type { Unreachable } from "../../src/protocol/model/io.ts";
import { callbacks, finish, IGNORING, type Wire } from "../../src/transport/connection.ts";
import { Dialer } from "../../src/transport/dial.ts";
import { NAMES_KEPT } from "../../src/transport/limits.ts";
import { Names } from "../../src/transport/names.ts";
import { closeAll, HOST, openPeer, ping } from "./peer.ts";

afterEach(closeAll);

const NAME = "box.example";

function dial(dialer: Dialer, port: number): Promise<string> {
  return new Promise((resolve) => {
    dialer.dial(`${NAME}:${port}`, IGNORING, (result: Wire | Unreachable) => {
      if (typeof result === "string") return resolve(result);
      resolve(result.remoteAddress);
      finish(result);
    });
  });
}

test("a name is looked up anew at each dial, and datagrams go where the last one led", async () => {
  const places = [HOST, "127.0.0.2"];
  let at = 0;
  const names = new Names(HOST, async () => places[at] ?? HOST);
  const handlers = callbacks((error) => {
    throw error;
  });
  const dialer = new Dialer({
    ...{ handlers, names, localHost: HOST, hasRoute: () => true, call: null },
    lockedOut() {},
    late() {},
  });
  const first = await openPeer(1);
  const { port } = first.transport;
  expect(names.known(NAME)).toBeNull();
  expect(await dial(dialer, port)).toBe(HOST);
  expect(names.known(NAME)).toBe(HOST);
  first.transport.close();
  expect(await dial(dialer, port)).toBe("refused");
  at = 1;
  await openPeer(2, { host: "127.0.0.2", port });
  expect(await dial(dialer, port)).toBe("127.0.0.2");
  expect(names.known(NAME)).toBe("127.0.0.2");
});

test("a name that leads nowhere is no death", async () => {
  const names = new Names(HOST, () => Promise.reject(new Error("unknown")));
  const handlers = callbacks(() => {});
  const dialer = new Dialer({
    ...{ handlers, names, localHost: HOST, hasRoute: () => true, call: null },
    lockedOut() {},
    late() {},
  });
  expect(await dial(dialer, 9)).toBe("timeout");
});

test("no more names are remembered than there is a limit for", async () => {
  const names = new Names(HOST, async () => HOST);
  for (let i = 0; i <= NAMES_KEPT; i++) await names.find(`host-${i}`);
  expect(names.known("host-0")).toBeNull();
  expect(names.known(`host-${NAMES_KEPT}`)).toBe(HOST);
  expect(names.known("192.0.2.7")).toBe("192.0.2.7");
});

test("a message to a name goes by stream until it is known where that is, then by datagram", async () => {
  const one = await openPeer(1);
  const two = await openPeer(2);
  const to = `localhost:${two.transport.port}`;
  one.transport.send(to, "datagram", ping(1));
  expect((await two.heard.first()).channel).toBe("stream");
  one.transport.send(to, "datagram", ping(2));
  expect((await two.heard.first(({ channel }) => channel === "datagram")).message).toEqual(ping(2));
});
