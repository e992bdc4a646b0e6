/**
 * Ten rings beside each other, whose launchers and processes are killed at random moments, leave nothing: no
 * process, no port, no name, no lock. `P2P_ABRUPT_ROUNDS=40 P2P_ABRUPT_SEED=2` plays more of it, or one again.
 */
import { expect, test } from "bun:test";
import { abruptRings } from "./abrupt-rings.ts";

const LIMIT_MS = 900_000;
const RINGS = 10;
const ROUNDS = Number(process.env["P2P_ABRUPT_ROUNDS"] ?? 1);
const SEED = Number(process.env["P2P_ABRUPT_SEED"] ?? Math.floor(Math.random() * 1e6));

// Processes are told apart by what Linux shows of them.
test.if(process.platform === "linux")(
  `nothing is left of rings that end at random, seed ${SEED}`,
  async () => {
    expect(await abruptRings(RINGS, ROUNDS, SEED)).toEqual([]);
  },
  LIMIT_MS,
);
