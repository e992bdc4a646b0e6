import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { reaped } from "../support/reap.ts";
import { ip, namespaces, run, whyNoHosts, whyNoPacketRules } from "./ip.ts";
import { Network } from "./network.ts";

/** The hosts of tests: what is said to be cut is cut, and nothing else is. */

/** An answer comes in a millisecond: what has none by then gets none. That it can come is tested beside it. */
const NO_ANSWER_MS = 400;
const ANSWER_MS = 10_000;
const LIMIT_MS = 60_000;

const noHosts = whyNoHosts();
const noRules = noHosts === "" ? whyNoPacketRules() : "";

function echo(namespace: string, ...args: readonly (string | number)[]) {
  const program = [process.execPath, join(import.meta.dir, "echo.ts"), ...args.map(String)];
  return reaped(
    Bun.spawn(["ip", "netns", "exec", namespace, ...program], { stdin: "ignore", stdout: "pipe" }),
  );
}

describe.skipIf(noHosts !== "")(`hosts${noHosts && `, left out: ${noHosts}`}`, () => {
  let network: Network;
  const listeners: ReturnType<typeof echo>[] = [];

  async function listen(n: number): Promise<void> {
    const { namespace, address } = network.host(n);
    const listener = echo(namespace, "listen", address);
    listeners.push(listener);
    for await (const _ of listener.stdout) return;
  }

  /** By which ways one host gets an answer from another. */
  async function ways(from: number, to: number, limitMs = ANSWER_MS): Promise<string> {
    const asking = echo(network.host(from).namespace, "ask", network.host(to).address, limitMs);
    return (await asking.stdout.text()).trim();
  }

  beforeAll(async () => {
    network = new Network(3);
    await Promise.all([0, 1, 2].map(listen));
  }, LIMIT_MS);

  afterAll(async () => {
    for (const listener of listeners) listener.kill("SIGKILL");
    await Promise.all(listeners.map(({ exited }) => exited));
    network.close();
    expect(namespaces().filter((n) => n.startsWith(`p2p-${process.pid}-`))).toEqual([]);
  });

  const hostTest = (name: string, body: () => Promise<void>) => test(name, body, LIMIT_MS);

  hostTest("reach each other unless they are parted", async () => {
    expect(await ways(0, 2)).toBe("udp tcp");
    network.part([[0, 1], [2]]);
    expect(await Promise.all([ways(0, 2, NO_ANSWER_MS), ways(2, 1, NO_ANSWER_MS)])).toEqual([
      "",
      "",
    ]);
    expect(await ways(0, 1)).toBe("udp tcp");
    network.join();
    expect(await ways(2, 0)).toBe("udp tcp");
  });

  hostTest("take no datagrams where UDP is blocked, and send them", async () => {
    network.blockUdp([1]);
    expect(await ways(0, 1, NO_ANSWER_MS)).toBe("tcp");
    expect(await ways(0, 2)).toBe("udp tcp");
    network.allowUdp([1]);
    expect(await ways(0, 1)).toBe("udp tcp");
  });

  test.skipIf(noRules !== "")(
    `break connections where TCP is reset${noRules && `, left out: ${noRules}`}`,
    async () => {
      network.resetTcp(999);
      expect(await ways(0, 1)).toBe("udp");
      network.allowTcp();
      expect(await ways(0, 1)).toBe("udp tcp");
    },
    LIMIT_MS,
  );

  hostTest("have another address when they have moved, and are silent at the old one", async () => {
    const old = network.host(2).address;
    network.move(2);
    await listen(2);
    expect(await ways(0, 2)).toBe("udp tcp");
    const asking = echo(network.host(0).namespace, "ask", old, NO_ANSWER_MS);
    expect((await asking.stdout.text()).trim()).toBe("");
    network.part([[0], [1, 2]]);
    expect(await ways(0, 2, NO_ANSWER_MS)).toBe("");
    expect(await ways(1, 2)).toBe("udp tcp");
    network.join();
  });

  hostTest("of a test run that has died are removed, with what runs there", async () => {
    const dead = Bun.spawnSync([process.execPath, "--version"]).pid;
    const left = `p2p-${dead}-0-host0`;
    ip(null, [`netns add ${left}`]);
    const sleeper = [process.execPath, "-e", "await Bun.sleep(1_000_000)"];
    const running = reaped(Bun.spawn(["ip", "netns", "exec", left, ...sleeper]));
    // It is there only when `ip` has become it.
    while (run(["ip", "netns", "pids", left]) === "") await Bun.sleep(5);
    new Network(1).close();
    expect(await running.exited).not.toBe(0);
    expect(namespaces()).not.toContain(left);
  });
});
