import { expect, test } from "bun:test";
import type { Effect } from "../../src/protocol/model/io.ts";
import type { Message } from "../../src/protocol/model/messages.ts";
import { effectBytes } from "../../src/sim/effect-bytes.ts";
import { Fingerprint } from "../../src/sim/fingerprint.ts";

const HERE = "10.0.0.1:12001";
const THERE = "10.0.0.2:12002";

function send(to: string, message: Message, channel: "datagram" | "stream" = "stream"): Effect {
  return { type: "send", to, channel, message, body: null };
}

function print(effects: readonly Effect[]): string {
  const fingerprint = new Fingerprint();
  fingerprint.addBytes(effectBytes(effects));
  return fingerprint.toString();
}

test("whatever a peer says or does differently is another history", () => {
  const ack: Message = { tag: "ack", request: 7 };
  const depart: Message = { tag: "depart", request: 7 };
  const steps: readonly (readonly Effect[])[] = [
    [],
    [send(HERE, ack)],
    [send(HERE, { ...ack, request: 8 })],
    [send(HERE, ack, "datagram")],
    [send(THERE, ack)],
    [send(HERE, depart)],
    [send(HERE, ack), send(THERE, depart)],
    [send(HERE, depart), send(THERE, ack)],
    [send(THERE, depart), send(HERE, ack)],
    [{ type: "dial", address: HERE }],
    [{ type: "sever", address: HERE }],
    [{ type: "event", event: { event: "note", text: "one" } }],
    [{ type: "event", event: { event: "line", text: "one", fold: false } }],
    [{ type: "event", event: { event: "woke", ms: 1.25 } }],
    [{ type: "event", event: { event: "woke", ms: 1.5 } }],
    [{ type: "exit", code: 0, sentence: null }],
    [{ type: "exit", code: 0, sentence: "" }],
  ];
  expect(new Set(steps.map(print)).size).toBe(steps.length);
  for (const step of steps) expect(print(step)).toBe(print(structuredClone(step)));
});
