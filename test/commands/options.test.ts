import { describe, expect, test } from "bun:test";
import { chaosOptions, faultsOptions } from "../../src/commands/chaos.ts";
import { initOptions } from "../../src/commands/init.ts";
import { joinOptions } from "../../src/commands/join.ts";
import { ringIds, ringOptions } from "../../src/commands/ring.ts";
import { simOptions } from "../../src/commands/sim.ts";

/** What the command lines of peers and networks ask of the rooms below. */

const PEER = {
  pingIntervalMs: 30_000,
  basePort: 12_000,
  host: "127.0.0.1",
  advertise: null,
  verbose: false,
  waitMs: null,
  port: null,
  insecure: false,
  key: null,
  dataDir: null,
  child: false,
  route: null,
  copies: null,
  repairRate: null,
};

function init(peer: string, first: string, second: string, interval = "30") {
  return { peer, first, second, interval };
}

describe("p2p init", () => {
  test("of a numbered peer", () => {
    const start = { kind: "init", id: 2, first: 4, second: 5 } as const;
    expect(initOptions(init("2", "4", "5"))).toEqual({ ...PEER, start });
    const all = {
      ...init("2", "4", "5", "0.5"),
      "base-port": "13000",
      host: "192.0.2.7",
      data: "d",
      route: "finger",
      copies: "2",
      "repair-rate": "50M",
      child: true,
    };
    expect(initOptions(all)).toEqual({
      ...PEER,
      start,
      pingIntervalMs: 500,
      basePort: 13_000,
      host: "192.0.2.7",
      dataDir: "d",
      route: "finger",
      copies: 2,
      repairRate: 50_000_000,
      child: true,
    });
  });

  test("of a ring of one, and of two", () => {
    expect(initOptions(init("2", "2", "2")).start).toMatchObject({ first: 2, second: 2 });
    expect(initOptions(init("2", "4", "2")).start).toMatchObject({ first: 4, second: 2 });
  });

  test("of a new ring", () => {
    const found = { ...PEER, start: { kind: "found" } as const, pingIntervalMs: null };
    expect(initOptions({})).toEqual(found);
    expect(initOptions({ port: "9000", host: "0.0.0.0", insecure: true })).toEqual({
      ...found,
      port: 9000,
      host: "0.0.0.0",
      insecure: true,
    });
  });

  test.each([
    ["192.0.2.7", "192.0.2.7", null],
    ["192.0.2.7:8000", "192.0.2.7", 8_000],
    ["box.example:8000", "box.example", 8_000],
    ["2001:db8::7", "2001:db8::7", null],
    ["[2001:db8::7]", "2001:db8::7", null],
    ["[2001:db8::7]:8000", "2001:db8::7", 8_000],
  ])("of a peer that others call at %s", (advertise, host, port) => {
    expect(initOptions({ host: "0.0.0.0", advertise }).advertise).toEqual({ host, port });
  });

  test.each([
    [init("300", "4", "5"), /^PEER .*"300"/],
    [init("2", "-4", "5"), /^FIRST .*"-4"/],
    [init("2", "4", "x"), /^SECOND .*"x"/],
    [init("2", "4", "5", "0"), /^INTERVAL .*"0"/],
    [init("2", "4", "5", "-3"), /^INTERVAL .*"-3"/],
    [init("2", "2", "5"), /^FIRST is PEER itself/],
    [{ ...init("2", "4", "5"), port: "9000" }, /^--port .*--base-port/],
    [{ ...init("2", "4", "5"), advertise: "192.0.2.7" }, /^--advertise .*--host/],
    [{ "base-port": "13000" }, /^--base-port .*--port/],
    [{ advertise: "0.0.0.0" }, /^--advertise .*0\.0\.0\.0/],
    [{ advertise: "a:b:c" }, /^--advertise .*a:b:c/],
    [{ route: "north" }, /^--route .*"north"/],
    [{ copies: "0" }, /^--copies .*"0"/],
    [{ copies: "17" }, /^--copies .*"17"/],
    [{ "repair-rate": "9" }, /^--repair-rate .*"9"/],
  ])("not %j", (args, sentence) => {
    expect(() => initOptions(args)).toThrow(sentence);
  });
});

describe("p2p join", () => {
  test("of a numbered peer", () => {
    expect(joinOptions({ peer: "15", known: "4", interval: "30" })).toEqual({
      ...PEER,
      start: { kind: "join", id: 15, known: 4 },
    });
  });

  test("of a ring elsewhere", () => {
    const start = { kind: "enter", host: "127.0.0.1", port: 12_256 } as const;
    expect(joinOptions({ peer: "127.0.0.1:12256" })).toEqual({
      ...PEER,
      start,
      pingIntervalMs: null,
    });
    const far = { peer: "192.0.2.7:12256", host: "192.0.2.8", insecure: true };
    expect(joinOptions(far)).toMatchObject({ host: "192.0.2.8", insecure: true });
  });

  test("of a ring that keeps so many copies", () => {
    const args = { peer: "15", known: "4", interval: "30", copies: "5" };
    expect(joinOptions(args).copies).toBe(5);
  });

  test.each([
    [{ peer: "127.0.0.1:12256", copies: "5" }, /^--copies .*founded/],
    [{ peer: "15" }, "KNOWN and INTERVAL are missing"],
    [{ peer: "somewhere" }, /^HOST:PORT .*"somewhere"/],
    [{ peer: "15", known: "15", interval: "30" }, /^KNOWN must be another/],
    [{ peer: "localhost:1", known: "15", interval: "30" }, /^PEER .*"localhost:1"/],
    [{ peer: "15", known: "4", interval: "x" }, /^INTERVAL .*"x"/],
    [{ peer: "192.0.2.7:12256" }, /192\.0\.2\.7 .*--host ADDRESS/],
  ])("not %j", (args, sentence) => {
    expect(() => joinOptions(args)).toThrow(sentence);
  });
});

describe("p2p ring", () => {
  const RING = {
    ...{ pingIntervalMs: 1000, basePort: 12_000, dir: ".", forMs: null },
    ...{ copies: null, repairRate: null, readyFile: null, plain: false, slow: 1, perProcess: null },
  };

  test("of so many", () => {
    expect(ringOptions({})).toEqual({ ...RING, ids: [2, 4, 5, 8, 9, 14, 19, 30] });
    expect(ringOptions({ n: "7" }).ids).toEqual([2, 4, 5, 8, 9, 14, 19]);
    expect(ringOptions({ n: "1" }).ids).toEqual([0]);
    expect(ringOptions({ n: "3" }).ids).toEqual([0, 85, 170]);
    expect(ringOptions({ n: "256" }).ids).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  test("any size has so many different ids, in order", () => {
    for (let size = 1; size <= 256; size++) {
      const ids = ringIds(size);
      expect(ids).toHaveLength(size);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      expect(ids.at(-1)).toBeLessThanOrEqual(255);
    }
  });

  test("of these", () => {
    const args = {
      ids: "9,2,4",
      interval: "0.2",
      "base-port": "20000",
      dir: "d",
      for: "1.5",
      copies: "5",
    };
    const all = { ...args, "repair-rate": "1.5G", "ready-file": "ready", "per-process": "16" };
    const expected = {
      ids: [2, 4, 9],
      pingIntervalMs: 200,
      basePort: 20_000,
      dir: "d",
      forMs: 1500,
      copies: 5,
      repairRate: 1_500_000_000,
      plain: false,
      slow: 1,
      readyFile: "ready",
      perProcess: 16,
    };
    expect(ringOptions(all)).toEqual(expected);
    expect(ringOptions({ ...all, n: "3" })).toEqual(expected);
  });

  test.each([
    [{ n: "0" }, /^N .*"0"/],
    [{ n: "257" }, /^N .*"257"/],
    [{ n: "4", ids: "2,4,9" }, /^N is 4, but --ids names 3/],
    [{ ids: "2,2" }, "--ids names 2 twice"],
    [{ interval: "-3" }, /^--interval .*"-3"/],
    [{ copies: "x" }, /^--copies .*"x"/],
    [{ for: "0" }, /^--for .*"0"/],
  ])("not %j", (args, sentence) => {
    expect(() => ringOptions(args)).toThrow(sentence);
  });
});

describe("p2p chaos", () => {
  const CHAOS = {
    kills: 10,
    forMs: null,
    everyMs: 2000,
    seed: null,
    loseDisks: false,
    dryRun: false,
    json: false,
    dir: null,
    own: false,
    basePort: null,
    peerProgram: null,
    load: 4,
    workload: null,
    execClient: null,
    junit: null,
    page: null,
    log: null,
    limits: {},
    corpus: { count: 20, largest: 1_000_000 },
    ids: [2, 4, 5, 8, 9, 14, 19, 30],
    copies: null,
  };

  test("by default, for a time, and with everything", () => {
    expect(chaosOptions({})).toEqual(CHAOS);
    expect(chaosOptions({ for: "60" })).toEqual({ ...CHAOS, kills: null, forMs: 60_000 });
    expect(chaosOptions({ own: true })).toEqual({ ...CHAOS, own: true });
    const all = { kills: "20", every: "0.5", seed: "7", "dry-run": true, json: true, dir: "d" };
    const more = { "lose-disks": true, "base-port": "13000", "peer-program": "x" };
    expect(chaosOptions({ ...all, ...more })).toEqual({
      ...CHAOS,
      kills: 20,
      everyMs: 500,
      seed: 7,
      loseDisks: true,
      dryRun: true,
      json: true,
      dir: "d",
      own: false,
      basePort: 13_000,
      peerProgram: "x",
    });
  });

  test.each([
    [{ kills: "2", for: "3" }, "Give --kills or --for, not both"],
    [{ kills: "0" }, /^--kills .*"0"/],
    [{ seed: "-1" }, /^--seed .*"-1"/],
    [{ every: "x" }, /^--every .*"x"/],
    [{ own: true, dir: "d" }, /^--dir .*--own/],
  ])("not %j", (args, sentence) => {
    expect(() => chaosOptions(args)).toThrow(sentence);
  });
});

describe("p2p chaos --faults", () => {
  test("kinds, times and whom they strike", () => {
    const all = faultsOptions({ faults: "all" });
    expect(all).toMatchObject({ isAll: true, forMs: 60_000, everyMs: 1_000, spread: "random" });
    expect(all).toMatchObject({
      minAlive: null,
      maxDown: null,
      only: null,
      protect: [],
      own: false,
    });
    expect(all.kinds).toHaveLength(15);
    const given = { for: "10m", every: "250ms", spread: "adjacent", "min-alive": "5" };
    const more = { "max-down": "0", only: "4,2", protect: "9", size: "64k", log: "run.jsonl" };
    expect(faultsOptions({ faults: "loss,kill,kill", ...given, ...more })).toMatchObject({
      ...{ kinds: ["kill", "loss"], isAll: false, forMs: 600_000, everyMs: 250 },
      ...{ spread: "adjacent", minAlive: 5, maxDown: 0, only: [2, 4], protect: [9] },
      ...{ corpus: { count: 20, largest: 64_000 }, log: "run.jsonl" },
    });
  });

  test("a ring of its own, where its size or its copies are said", () => {
    expect(faultsOptions({ faults: "all", peers: "12" })).toMatchObject({ own: true });
    expect(faultsOptions({ faults: "all", peers: "12" }).ids).toHaveLength(12);
    expect(chaosOptions({ ids: "4,2" })).toMatchObject({ own: true, ids: [2, 4] });
    expect(chaosOptions({ copies: "5" })).toMatchObject({ own: true, copies: 5 });
  });

  test.each([
    [
      { faults: "kil" },
      /^A kind in --faults must be kill, .* or all, not "kil"; did you mean kill/,
    ],
    [{ faults: "kill", kills: "3" }, "--kills does not go with --faults: give --for TIME"],
    [{ faults: "kill", "lose-disks": true }, "give --faults lose-disk"],
    [{ faults: "kill", peers: "3", ids: "1,2" }, "Give --peers or --ids, not both"],
    [{ faults: "kill", dir: "d", copies: "3" }, "--copies is for one of its own"],
    [{ faults: "kill", size: "0" }, /^--size .*"0"/],
  ])("not %j", (args, sentence) => {
    expect(() => faultsOptions(args)).toThrow(sentence);
  });

  test("what only faults have is refused without them", () => {
    for (const name of ["only", "protect", "spread", "min-alive", "max-down"] as const) {
      expect(() => chaosOptions({ [name]: "1" })).toThrow(`--${name} goes with --faults`);
    }
  });
});

test("p2p sim --jobs is for seeds, and by default no process has few", () => {
  expect(simOptions({ seeds: "500", jobs: "3" })).toMatchObject({ kind: "seeds", jobs: 3 });
  expect(simOptions({ seeds: "19" })).toMatchObject({ jobs: 1 });
  for (const mode of ["seed", "peers", "scenario", "plot"] as const) {
    expect(() => simOptions({ [mode]: "5", jobs: "2" })).toThrow("--jobs is for --seeds");
  }
});

test("p2p sim --hard is for seeds, and for one seed", () => {
  expect(simOptions({ seeds: "5", hard: true })).toMatchObject({ kind: "seeds", hard: true });
  expect(simOptions({ seed: "5", hard: true })).toMatchObject({ kind: "seed", hard: true });
  expect(simOptions({ seed: "5" })).toMatchObject({ hard: false });
  for (const mode of ["peers", "scenario", "plot"] as const) {
    expect(() => simOptions({ [mode]: "5", hard: true })).toThrow(
      `--hard is for --seeds and --seed, not for --${mode}`,
    );
  }
});
