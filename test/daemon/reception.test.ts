import { expect, test } from "bun:test";
import { Reception, type Untimed } from "../../src/daemon/reception.ts";

const room = (bytes: number): Untimed => ({ type: "room", bytes });
const asked = [{ kind: "ticket", request: 1 }, 0, 9] as const;

test("nothing is kept for a peer that does not live yet, and its sockets hear so", () => {
  const reception = new Reception();
  reception.give(room(1));
  expect(reception.isEmpty).toBe(true);
  expect(reception.open(...asked)).toEqual({ refused: "This peer is not ready yet." });
  expect(() => reception.fail(new Error("too early"))).toThrow("too early");
});

test("a living peer is given all in order, and nothing after its end", () => {
  const reception = new Reception();
  const failed: unknown[] = [];
  let woken = 0;
  reception.begin({
    wake: () => {
      woken += 1;
    },
    fail: (error) => failed.push(error),
    open: () => ({ refused: "It is not served here." }),
    isMember: () => false,
  });
  reception.give(room(1));
  reception.give(room(2));
  expect(woken).toBe(2);
  expect(reception.next()?.input).toEqual(room(1));
  expect(reception.open(...asked)).toEqual({ refused: "It is not served here." });
  reception.end();
  expect(reception.isOver).toBe(true);
  reception.give(room(3));
  expect(reception.next()).toBeUndefined();
  expect(woken).toBe(2);
  reception.fail("late");
  expect(failed).toEqual(["late"]);
});
