import { expect, test } from "bun:test";
import { dropsSentence } from "../../src/daemon/drops.ts";
import { DROPS_TOLD } from "../../src/daemon/limits.ts";
import { Drops } from "../../src/transport/drops.ts";

test("much that is dropped is told of, with who sends most of it; a little is not", () => {
  const drops = new Drops();
  drops.count("frame", "malformed", "10.0.0.1:1", 10 * DROPS_TOLD);
  const before = drops.rows();
  expect(dropsSentence(before, before)).toBeNull();
  drops.count("frame", "malformed", "10.0.0.1:1", 10);
  drops.count("datagram", "of another ring", "10.0.0.2:1", DROPS_TOLD - 11);
  expect(dropsSentence(before, drops.rows())).toBeNull();
  drops.count("datagram", "malformed", "10.0.0.3:1");
  expect(dropsSentence(before, drops.rows())).toBe(
    `In a minute ${DROPS_TOLD} messages, contents and connections were dropped or turned away, most from 10.0.0.2:1 (of another ring): p2p status says more.`,
  );
});

test("those that have no row of their own any more are counted, and named by nobody", () => {
  const drops = new Drops();
  const before = drops.rows();
  for (let i = 0; i < 10 * DROPS_TOLD; i++) drops.count("datagram", "malformed", `10.0.0.1:${i}`);
  expect(dropsSentence(before, drops.rows())).toContain(`${10 * DROPS_TOLD} messages`);
});
