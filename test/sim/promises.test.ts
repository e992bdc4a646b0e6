/** What one who sees all peers asks of each word when it is said, and of whom. */
import { expect, test } from "bun:test";
import type { Message } from "../../src/protocol/model/messages.ts";
import { Ledger } from "../../src/sim/ledger.ts";
import { LOCAL_NETWORK } from "../../src/sim/network.ts";
import { Promises } from "../../src/sim/promises.ts";
import { Sometimes } from "../../src/sim/sometimes.ts";
import { numberedRing, Stage } from "../../src/sim/stage.ts";

/** A ring of four, of which one alone has a file; says which checks its peers' words broke. */
function oneCopy() {
  const stage = new Stage({ config: numberedRing(1_000), network: LOCAL_NETWORK, seed: 3 });
  const broken: string[] = [];
  const fail = (check: string, why: string): never => {
    broken.push(check);
    throw new Error(why);
  };
  stage.found([10, 20, 30, 40]);
  stage.world.run(8_000);
  new Promises(stage, new Ledger(stage), new Sometimes(stage), fail);
  const hosts = [10, 20, 30, 40].map((id) => stage.world.hostOf(id));
  const found: Message = {
    ...{ tag: "answer", request: 7, route: [], via: [], lost: true },
    outcome: {
      kind: "found",
      size: 1,
      write: { name: "0015", operation: { origin: "a", number: 1 }, sha256: "b" },
      replicas: [],
    },
  };
  /** One says it to another. @returns the checks that this broke */
  const say = (from: number, to: number): string[] => {
    const [host, other] = [hosts[from], hosts[to]];
    if (host === undefined || other === undefined) throw new Error("no such peer");
    try {
      for (const see of stage.world.post.observers) see(host, found, other.address, "stream");
    } catch {}
    return broken.splice(0);
  };
  return say;
}

test("who decides that a content is handed out answers for its copies", () => {
  const say = oneCopy();
  expect(say(0, 1)).toEqual(["D4"]);
});

test("who passes an answer on decides nothing, and whoever was not sent it does", () => {
  const say = oneCopy();
  expect(say(0, 1)).toEqual(["D4"]);
  expect(say(1, 2)).toEqual([]);
  expect(say(2, 0)).toEqual([]);
  expect(say(3, 0)).toEqual(["D4"]);
});
