import { expect, test } from "bun:test";
import { Bodies } from "../../src/daemon/contents/bodies.ts";
import { BODIES_LOOKS, TIDY_AFTER_INPUTS, TIDY_QUIET_INPUTS } from "../../src/daemon/limits.ts";
import { Tidying } from "../../src/daemon/tidying.ts";

test("memory is given back after the start, and once after a load, when it is over", () => {
  let inputs = 0;
  let looks = 0;
  let released = 0;
  const tidying = new Tidying({
    inputs: () => inputs,
    forgetOld: () => {
      looks += 1;
    },
    release: () => {
      released += 1;
    },
  });
  const look = (more: number) => {
    inputs += more;
    tidying.look();
    return released;
  };
  expect(look(TIDY_QUIET_INPUTS + 1)).toBe(0);
  expect(look(TIDY_QUIET_INPUTS)).toBe(1);
  expect(look(TIDY_AFTER_INPUTS)).toBe(1);
  expect(look(TIDY_AFTER_INPUTS)).toBe(1);
  expect(look(10)).toBe(2);
  expect(look(10)).toBe(2);
  expect(look(0)).toBe(2);
  expect(looks).toBe(7);
});

test("a small content is kept for some looks, and not longer", () => {
  const bodies = new Bodies();
  const first = bodies.keep(new Uint8Array(10)).number;
  bodies.forgetOld();
  const second = bodies.keep(new Uint8Array(10)).number;
  for (let i = 1; i < BODIES_LOOKS; i++) bodies.forgetOld();
  expect(bodies.get(first)).not.toBeNull();
  bodies.forgetOld();
  expect(bodies.get(first)).toBeNull();
  expect(bodies.get(second)).not.toBeNull();
  bodies.forgetOld();
  expect(bodies.get(second)).toBeNull();
});
