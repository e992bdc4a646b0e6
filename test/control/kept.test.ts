import { expect, test } from "bun:test";
import { Kept } from "../../src/control/kept.ts";
import { DESCRIPTORS_AMPLE, DESCRIPTORS_LEFT } from "../../src/control/limits.ts";

test("connections are kept while descriptors are left, for this program and for its system", () => {
  const asked = (open: number, limit: number) => new Kept(() => open, limit);
  for (const [open, limit, kept] of [
    [1_024 - DESCRIPTORS_LEFT, 1_024, true],
    [1_025 - DESCRIPTORS_LEFT, 1_024, false],
    [DESCRIPTORS_AMPLE, 1_048_576, true],
    [DESCRIPTORS_AMPLE + 1, 1_048_576, false],
  ] as const) {
    const each = asked(open, limit);
    expect(each.used()).toBe(kept);
    each.close();
  }
});

test("how many are open is not looked at for each request", () => {
  let looks = 0;
  const kept = new Kept(() => {
    looks += 1;
    return 0;
  }, 1_024);
  for (let i = 0; i < 1_000; i++) kept.used();
  kept.close();
  expect(looks).toBeLessThan(10);
});
