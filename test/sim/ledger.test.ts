/** What a simulated ring owes: what it acknowledged, unless the faults left nobody who could have kept it. */
import { expect, test } from "bun:test";
import { Ledger } from "../../src/sim/ledger.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

/** Two that are cut off from two others, and have acknowledged a file with a copy each. */
function cutOff() {
  const stage = new Stage({ config: numberedRing(1_000), network: LOCAL_NETWORK, seed: 3 });
  const ledger = new Ledger(stage);
  stage.found([10, 20, 30, 40]);
  stage.world.run(8_000);
  stage.act("cut 10 20 from 30 40");
  stage.world.run(40_000);
  stage.act("file 0015 400");
  const command = stage.type(10, "Store 0015") ?? 0;
  stage.world.run(stage.world.now + 5_000);
  expect(stage.outcomes.get(command)).toMatchObject({ kind: "stored", replicas: [20, 10] });
  const hosts = [...stage.world.hosts.values()];
  const [record] = hosts.flatMap((host) => host.disk.intact());
  if (record === undefined) throw new Error("nothing is stored");
  for (const host of hosts) ledger.noteWrite(host, record);
  ledger.noteAcknowledgement(record, 2);
  const act = (...actions: string[]) => {
    for (const action of actions) ledger.witness(action, () => stage.act(action));
  };
  return { ledger, act };
}

test("what is destroyed on both disks is not owed, and what one has is", () => {
  const { ledger, act } = cutOff();
  act("kill 10", "wipe 10", "kill 20");
  expect(ledger.owed()).toHaveLength(1);
  act("wipe 20");
  expect(ledger.owed()).toEqual([]);
});

test("the disk of one whose id a twin has taken counts when it is destroyed", () => {
  const { ledger, act } = cutOff();
  act("kill 10", "twin 10 via 20", "wipe 10", "kill 20");
  act("wipe 20");
  expect(ledger.owed()).toEqual([]);
});
