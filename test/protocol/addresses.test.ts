/** One member at several addresses: two of its host's, one after a move, or another run of it. */
import { expect, test } from "bun:test";
import { REFUSALS } from "../../src/protocol/model/config.ts";
import type { Effect, Input, StartInput } from "../../src/protocol/model/io.ts";
import { type Address, type Member, makeMember } from "../../src/protocol/model/member.ts";
import type { Message } from "../../src/protocol/model/messages.ts";
import { SharedViews, View } from "../../src/protocol/model/view.ts";
import { nextDeadline, startPeer, step } from "../../src/protocol/peer.ts";

function member(id: number, fields: Partial<Member> = {}): Member {
  const instance = id.toString(16).padStart(16, "0");
  const address = `10.0.0.${id}:12256`;
  return makeMember({ id, incarnation: 1, instance, state: "alive", address, ...fields });
}
const [TWO, EIGHT, NINE] = [member(2), member(8), member(9)];
/** From the beginning until one that never answers has its last try. */
const LAST_TRY_MS = 3_500;
const KNOWN_STALE = "10.0.1.9:12256";

/** Peer 8 of the ring 2, 8, 9. */
function eight() {
  const views = new SharedViews();
  const config = { ring: 70_000, bits: 48, strategy: "direct", pingIntervalMs: 5_000 } as const;
  const start: StartInput = {
    ...{ type: "start", id: 8, address: EIGHT.address, instance: EIGHT.instance, seed: 5 },
    config: { ...config, copies: 3 },
    start: { kind: "formed", view: View.of([TWO, EIGHT, NINE], views) },
    ...{ incarnation: 0, restored: [], files: [] },
  };
  const { peer } = startPeer(start, 100, views);
  step(peer, { type: "persisted", at: 101, incarnation: peer.membership.incarnationAsked });
  const give = (input: Input) => step(peer, input);
  /** Lets time pass, with every other member but those named answering each ping. */
  const pass = (ms: number, silent: readonly Address[] = []) => {
    const effects: Effect[] = [];
    const until = peer.now + ms;
    const todo: Effect[] = [];
    for (;;) {
      const effect = todo.shift();
      if (effect?.type === "send" && effect.message.tag === "ping" && !silent.includes(effect.to)) {
        const from = peer.membership.view.at(effect.to);
        if (from === undefined) continue;
        const pong = {
          ...effect.message,
          tag: "pong",
          digest: peer.membership.view.digest,
        } as const;
        todo.push(...give(said(from, pong, peer.now)));
      } else if (effect !== undefined) effects.push(effect);
      else if (nextDeadline(peer) <= until) {
        todo.push(...give({ type: "tick", at: nextDeadline(peer) }));
      } else break;
    }
    return effects;
  };
  return { peer, give, pass };
}

function isGossip(effect: Effect): boolean {
  return effect.type === "send" && effect.message.tag === "gossip";
}

function said(from: Member, message: Message, at: number): Input {
  return { type: "message", at, from, channel: "datagram", message, body: null, heldMs: null };
}

function ping(from: Member, nonce: number, at: number): Input {
  return said(
    from,
    { tag: "ping", nonce, round: false, digest: 0, room: 0, awayMs: null, forgottenMs: null },
    at,
  );
}

const pingsTo = (address: Address, effects: readonly Effect[]) =>
  effects.flatMap((e) =>
    e.type === "send" && e.to === address && e.message.tag === "ping" ? [e.message] : [],
  );
const count = (effects: readonly Effect[], is: (effect: Effect) => boolean) =>
  effects.filter(is).length;

test.each([
  ["greater", KNOWN_STALE],
  ["lesser", "1.0.0.9:12256"],
])(
  "a member that speaks from two addresses in turn, the second the %s, is news once",
  (_, other) => {
    const { peer, give } = eight();
    const effects: Effect[] = [];
    for (let i = 0; i < 500; i++) {
      const address = i % 2 === 0 ? other : NINE.address;
      effects.push(...give(ping(member(9, { address }), i, 200 + 2 * i)));
    }
    const events = count(effects, (e) => e.type === "event" && e.event.event === "member");
    expect(events).toBeLessThanOrEqual(1);
    expect(count(effects, (e) => e.type === "save")).toBeLessThanOrEqual(2);
    const gossip = count(effects, (e) => e.type === "send" && e.message.tag === "gossip");
    expect(gossip).toBeLessThanOrEqual(4);
    expect(peer.membership.view.find(9)?.address).toBe([other, NINE.address].sort()[1] ?? "");
  },
);

test("a peer takes over the greater of its addresses, and refutes nothing by that", () => {
  const { peer, give } = eight();
  const gossip = (address: Address, at: number) => {
    const members = [makeMember({ ...peer.self, address })];
    return give(said(TWO, { tag: "gossip", joining: false, members }, at));
  };
  const taken = gossip("10.0.1.8:12256", 200);
  expect(count(taken, (e) => e.type === "persist")).toBe(0);
  expect(peer.self.address).toBe("10.0.1.8:12256");
  expect(peer.membership.view.find(8)).toBe(peer.self);
  expect(gossip(EIGHT.address, 300)).toEqual([]);
  expect(peer.self.address).toBe("10.0.1.8:12256");
});

test("a peer that is dead where it was refutes that from where it is seen now", () => {
  const { peer, give } = eight();
  const { self } = peer;
  const moved = "1.0.0.8:12256";
  const dead = makeMember({ ...self, state: "dead" });
  const members = [makeMember({ ...self, address: moved }), dead];
  const effects = give(said(TWO, { tag: "gossip", joining: false, members }, 200));
  const incarnation = self.incarnation + 1;
  expect(effects).toContainEqual({ type: "persist", id: 8, incarnation });
  give({ type: "persisted", at: 201, incarnation });
  expect(peer.self).toMatchObject({ incarnation, address: moved });
});

test("whoever is held for dead hears where it is seen now", () => {
  const { give } = eight();
  const dead = makeMember({ ...NINE, state: "dead" });
  give(
    said(
      dead,
      { tag: "ping", nonce: 1, round: false, digest: 0, room: 0, awayMs: null, forgottenMs: null },
      200,
    ),
  );
  const moved = member(9, { address: "1.0.0.9:12256" });
  const told = give(ping(moved, 2, 300)).flatMap((e) =>
    e.type === "send" && e.message.tag === "gossip" && e.to === moved.address ? [e.message] : [],
  );
  // By datagram, and by stream.
  const members = [moved, dead];
  expect(told.map((gossip) => gossip.members)).toEqual([members, members]);
});

test.each(["by others", "by silence"])(
  "one that is doubted %s hears so where it is seen",
  (doubted) => {
    const { peer, give, pass } = eight();
    const dead = makeMember({ ...NINE, state: "dead" });
    // Of two addresses of one life this is the lesser: it is not simply taken over.
    const moved = member(9, { address: "1.0.0.9:12256" });
    expect(give(ping(moved, 1, 150)).filter(isGossip)).toEqual([]);
    if (doubted === "by others") {
      give(said(TWO, { tag: "gossip", joining: false, members: [dead] }, 200));
    } else {
      pass(LAST_TRY_MS, [NINE.address]);
      expect(peer.membership.view.find(9)).toEqual(NINE);
    }
    const [told] = give(ping(moved, 2, peer.now + 10)).filter(isGossip);
    expect(told).toMatchObject({ to: moved.address, message: { members: [moved, dead] } });
  },
);

/** Another run of 9, from another place, while its silence at the former one is not decided yet. */
test.each(["watch", "suspicion"] as const)(
  "a new member does not wait for the %s probe of its former self",
  (reason) => {
    const { peer, give, pass } = eight();
    const silent = [NINE.address, KNOWN_STALE];
    if (reason === "watch") {
      give({ type: "unreachable", at: 200, address: NINE.address, how: "timeout", broke: false });
    } else {
      const members = [makeMember({ ...NINE, state: "dead" })];
      give(said(TWO, { tag: "gossip", joining: false, members }, 200));
    }
    expect([...peer.membership.probes.values()].map((t) => t.reason)).toContain(reason);
    const back = member(9, { address: KNOWN_STALE, incarnation: 2, instance: "b".repeat(16) });
    const [tried] = pingsTo(KNOWN_STALE, give(ping(back, 1, 210)));
    expect(tried).toBeDefined();
    // The verdict on the former run changes nothing for the new member.
    const refused = { type: "unreachable", address: NINE.address, how: "refused" } as const;
    for (let i = 0; i < REFUSALS; i++) give({ ...refused, at: 220, broke: true });
    expect(peer.membership.view.find(9)).toBeUndefined();
    give(
      said(
        back,
        {
          tag: "pong",
          nonce: tried?.nonce ?? 0,
          round: false,
          digest: 0,
          room: 0,
          awayMs: null,
          forgottenMs: null,
        },
        230,
      ),
    );
    expect(peer.membership.view.find(9)).toEqual(back);
    pass(20_000, silent.slice(0, 1));
    expect(peer.membership.view.find(9)).toEqual(back);
  },
);

test("a new member that moves on is tried where it is", () => {
  const { peer, give } = eight();
  give({ type: "unreachable", at: 200, address: NINE.address, how: "timeout", broke: false });
  for (const [incarnation, address] of [
    [2, KNOWN_STALE],
    [3, "10.0.2.9:12256"],
  ] as const) {
    const instance = `${incarnation}`.repeat(16);
    const back = member(9, { address, incarnation, instance });
    const sent = give(ping(back, incarnation, 200 + incarnation));
    expect(pingsTo(address, sent)).toHaveLength(1);
  }
  expect(
    [...peer.membership.probes.values()].filter((t) => t.reason === "unverified"),
  ).toHaveLength(1);
});

test("one that moves resets what it dialled from its former address", () => {
  const { give } = eight();
  const moved = member(8, { address: "10.0.1.8:12256" });
  const news = { tag: "gossip", joining: false, members: [moved] } as const;
  const severs = (at: number) => give(said(TWO, news, at)).some((e) => e.type === "sever-dialled");
  expect([severs(200), severs(300)]).toEqual([true, false]);
});
