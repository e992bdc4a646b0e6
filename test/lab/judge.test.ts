import { expect, test } from "bun:test";
import { firstBroken, sayBroken } from "../../src/lab/judge.ts";
import { initArgs, joinArgs } from "../../src/lab/program.ts";
import { isPingLine } from "../../src/lab/screen.ts";
import { lookupKeys } from "../../src/lab/steady.ts";

const PLACE = { basePort: 12_000, pingIntervalMs: 2500, ringDir: "/r" };
const REST = ["2.5", "--base-port", "12000", "--data"];

test("founding peers know their two successors, across zero, and themselves when alone", () => {
  const seven = [2, 4, 5, 8, 9, 14, 19];
  expect(initArgs(seven, 2, PLACE)).toEqual(["init", "2", "4", "5", ...REST, "/r/2", "--child"]);
  expect(initArgs(seven, 14, PLACE).slice(0, 4)).toEqual(["init", "14", "19", "2"]);
  expect(initArgs(seven, 19, PLACE).slice(0, 4)).toEqual(["init", "19", "2", "4"]);
  expect(initArgs([2, 4], 2, PLACE).slice(0, 4)).toEqual(["init", "2", "4", "2"]);
  expect(initArgs([7], 7, PLACE).slice(0, 4)).toEqual(["init", "7", "7", "7"]);
  expect(joinArgs(15, 4, PLACE)).toEqual(["join", "15", "4", ...REST, "/r/15", "--child"]);
});

test("a peer that is not heard of breaks the ring", () => {
  const broken = firstBroken([2, 4], []);
  expect(broken).toEqual({ check: "R4", peers: [2, 4], why: "peers 2 and 4 do not answer" });
  expect(broken === null ? "" : sayBroken(broken)).toBe(
    "R4 does not hold: peers 2 and 4 do not answer",
  );
});

test("lookups go across the ring, in large ones with one key each", () => {
  const keys = lookupKeys([2, 4, 5, 8, 9, 14, 19, 30]);
  expect(keys(2)).toEqual([9, 15]);
  expect(keys(30)).toEqual([8, 10]);
  expect(lookupKeys([255])(255)).toEqual([255, 0]);
  const large = Array.from({ length: 64 }, (_, i) => 4 * i);
  expect(large.map((id) => lookupKeys(large)(id).length)).toEqual(large.map(() => 1));
});

test("only the lines of pings are folded away", () => {
  expect(isPingLine("Ping requests sent to Peers 4 and 5")).toBe(true);
  expect(isPingLine("Ping request message received from Peer 19")).toBe(true);
  expect(isPingLine("Ping response received from Peer 255")).toBe(true);
  expect(isPingLine("Peer 4 is no longer alive")).toBe(false);
  expect(isPingLine("Ping requests sent to Peers 4 and 5!")).toBe(false);
});
