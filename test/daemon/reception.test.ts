import { expect, test } from "bun:test";
import { Reception, type Untimed } from "../../src/daemon/reception.ts";
import { View } from "../../src/protocol/model/view.ts";
import { member } from "../protocol/one-peer.ts";

const room = (bytes: number): Untimed => ({ type: "room", bytes });
const asked = [{ kind: "ticket", request: 1 }, 0, 9] as const;

test("nothing is kept for a peer that does not live yet, and its sockets hear so", () => {
  const reception = new Reception();
  reception.give(room(1));
  expect(reception.isEmpty).toBe(true);
  expect(reception.open(...asked)).toEqual({ refused: "This peer is not ready yet." });
  expect(reception.isMember(member(8).address)).toBe(false);
  expect(() => reception.fail(new Error("too early"))).toThrow("too early");
});

test("a living peer is given all in order, and nothing after its end", () => {
  const reception = new Reception();
  const failed: unknown[] = [];
  let woken = 0;
  let view = View.of([member(8)]);
  reception.begin({
    wake: () => {
      woken += 1;
    },
    fail: (error) => failed.push(error),
    open: () => ({ refused: "It is not served here." }),
    view: () => view,
  });
  reception.give(room(1));
  reception.give(room(2));
  expect(woken).toBe(2);
  expect(reception.next()?.input).toEqual(room(1));
  expect(reception.open(...asked)).toEqual({ refused: "It is not served here." });
  expect([8, 9].map((id) => reception.isMember(member(id).address))).toEqual([true, false]);
  view = View.of([member(9)]);
  expect([8, 9].map((id) => reception.isMember(member(id).address))).toEqual([false, true]);
  reception.end();
  expect(reception.isOver).toBe(true);
  reception.give(room(3));
  expect(reception.next()).toBeUndefined();
  expect(woken).toBe(2);
  reception.fail("late");
  expect(failed).toEqual(["late"]);
});
