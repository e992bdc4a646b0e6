import { expect, test } from "bun:test";
import { DatagramFilter } from "../../src/transport/datagram-filter.ts";
import { DATAGRAMS_PER_TURN, STRANGERS_PER_TURN } from "../../src/transport/limits.ts";
import { BY_DATAGRAM, TABLE } from "../../src/wire/table.ts";
import { VECTORS } from "../wire/vectors.ts";
import { ack, datagramOf, ping, RING } from "./peer.ts";

const MEMBER = "127.0.0.1:10";
const STRANGER = "127.0.0.1:11";

function filter() {
  const turns: (() => void)[] = [];
  const made = new DatagramFilter(
    () => RING,
    (address) => address === MEMBER,
    (call) => turns.push(call),
  );
  const takes = (from: string, count: number) =>
    Array.from({ length: count }, () => made.refuse(datagramOf(ping(1)), from)).filter(
      (refusal) => refusal === null,
    ).length;
  return { made, takes, nextTurn: () => turns.splice(0).map((turn) => turn()) };
}

test("of all messages those are taken that peers send by datagram", () => {
  const { made } = filter();
  const refused = new Set(Object.keys(TABLE));
  for (const { message } of VECTORS) {
    const refusal = made.refuse(datagramOf(message), MEMBER);
    if (refusal === null) refused.delete(message.tag);
    else expect(refusal).toBe("not taken by datagram");
  }
  const taken = Object.keys(TABLE).filter((tag) => !refused.has(tag));
  expect(taken).toEqual([...BY_DATAGRAM]);
});

test("what is no message, or of another ring, is told by its head", () => {
  const { made } = filter();
  const whole = datagramOf(ping(1));
  const wrongMagic = whole.slice();
  wrongMagic[0] = 0;
  const older = whole.slice();
  older[2] = 1;
  for (const bytes of [new Uint8Array(0), whole.subarray(0, 20), wrongMagic, older]) {
    expect(made.refuse(bytes, MEMBER)).toBe("malformed");
  }
  expect(made.refuse(datagramOf(ping(1), RING + 1), MEMBER)).toBe("of another ring");
  expect(made.refuse(datagramOf({ tag: "hello", beat: 0 }, RING + 1), MEMBER)).toBe(null);
  expect(made.refuse(datagramOf(ack(1)), MEMBER)).toBe("not taken by datagram");
  const noRing = new DatagramFilter(
    () => 0,
    () => true,
  );
  expect(noRing.refuse(datagramOf(ping(1), 0), MEMBER)).toBe("of another ring");
});

test("a flood of strangers leaves room for the members", () => {
  const { takes, nextTurn } = filter();
  for (let turn = 0; turn < 3; turn++) {
    expect(takes(STRANGER, 10_000)).toBe(STRANGERS_PER_TURN);
    expect(takes(MEMBER, 10_000)).toBe(DATAGRAMS_PER_TURN - STRANGERS_PER_TURN);
    nextTurn();
    expect(takes(MEMBER, 10_000)).toBe(DATAGRAMS_PER_TURN);
    expect(takes(STRANGER, 10)).toBe(0);
    nextTurn();
  }
});
