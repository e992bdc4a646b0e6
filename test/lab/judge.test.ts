import { expect, test } from "bun:test";
import type { PeerSnapshot } from "../../src/checks/ring.ts";
import { allBroken, firstBroken, sayBroken } from "../../src/lab/judge.ts";
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

test("every broken check is named, and what cannot be told without the silent is not", () => {
  const peer = (id: number, successors: number[], alive: number[]): PeerSnapshot => ({
    ...{ id, bits: 8, strategy: "successor", successors, lookups: [] },
    predecessors: successors.toReversed(),
    members: alive.map((other) => ({ id: other, state: "alive" })),
  });
  const two = peer(2, [4, 9], [2, 4, 9]);
  const four = peer(4, [9, 2], [2, 4, 9]);
  const nine = peer(9, [2, 4], [2, 4, 9]);
  const named = (...peers: PeerSnapshot[]) =>
    allBroken([2, 4, 9], peers).map(({ check, peers: at }) => [check, at]);
  expect(named(two, four, nine)).toEqual([]);
  expect(named(two, four)).toEqual([["R4", [9]]]);
  expect(named(two, four, peer(9, [4, 2], [2, 4, 7, 9]))).toEqual([
    ["R1", [9]],
    ["R2", [9]],
    ["R4", [2, 4, 9]],
    ["R6", [9]],
  ]);
  const many = Array.from({ length: 30 }, (_, id) => id);
  expect(allBroken(many, [])[0]?.why).toBe(
    "peers 0, 1, 2, 3, 4, 5, 6, 7 and 22 more do not answer",
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
