import { describe, expect, test } from "bun:test";
import { isOfPings, type Told, toldBy } from "../../src/foreign/told.ts";
import { lines } from "../../src/protocol/model/transcript.ts";

describe("a line of the transcript", () => {
  const told: readonly (readonly [line: string, told: Told | null])[] = [
    [lines.pingsSent(4, 5), { kind: "pings", first: 4, second: 5 }],
    [lines.pingReceived(19), { kind: "pinged", peer: 19 }],
    [lines.pongReceived(4), { kind: "answered", peer: 4 }],
    [lines.firstSuccessor(4), { kind: "successor", place: 0, peer: 4 }],
    [lines.newSecondSuccessor(5), { kind: "successor", place: 1, peer: 5 }],
    [lines.notAlive(9), { kind: "dead", peer: 9 }],
    [lines.willDepart(9), { kind: "departs", peer: 9 }],
    [lines.joinAccepted(), { kind: "joined" }],
    [lines.storeAccepted("2067"), { kind: "stored", file: "2067" }],
    [lines.fileReceived("4103"), { kind: "received", file: "4103" }],
    [lines.storedHere("4103"), { kind: "held", file: "4103" }],
    [lines.storeForwarded("2067"), null],
    [lines.joinForwarded(15), null],
  ];

  test.each(told)("%j", (line, expected) => {
    expect(toldBy(line)).toEqual(expected);
    expect(toldBy(`> ${line.toUpperCase()}.`)).toEqual(expected);
    expect(toldBy(`says: ${line}`)).toBe(null);
    const pings = ["pings", "pinged", "answered"].includes(expected?.kind ?? "");
    expect(isOfPings(toldBy(line))).toBe(pings);
  });
});
