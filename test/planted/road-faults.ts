/** Faults to plant in what real machines and names bring: addresses that change, names of every kind. */
import type { Fault } from "./fault.ts";

export const ROAD_FAULTS: readonly Fault[] = [
  {
    name: "leave the address out of the hash",
    breaks: "two addresses of one peer are taken for the same record",
    edits: [
      {
        file: "model/member.ts",
        find: ["/$", "{m.address}`"].join(""),
        replace: "`",
      },
    ],
    checks: ["R1", "R2", "R3", "R4", "R6", "R8", "D1", "D6", "I"],
    within: 1,
    drawing: "hard",
  },
  {
    name: "refuse on the wire what the control sockets take",
    breaks: "a name beyond ASCII is stored, and ends each peer that would tell of it",
    edits: [
      {
        file: "../wire/values.ts",
        find: 'if (!isFileName(value)) throw new RangeError("no file name");',
        replace: 'if (/[^ -~]/.test(value)) throw new RangeError("no file name");',
      },
    ],
    checks: ["threw"],
    within: 20,
    drawing: "hard",
  },
];
