/** One that begins elsewhere with a folder, whose peer may still live where it was. */
import { expect, test } from "bun:test";
import { FORMER_MS } from "../../../src/protocol/membership/former.ts";
import type { Effect, Input, StartInput } from "../../../src/protocol/model/io.ts";
import { type Member, makeMember } from "../../../src/protocol/model/member.ts";
import { startPeer, step } from "../../../src/protocol/peer.ts";
import type { Peer } from "../../../src/protocol/state.ts";
import { member } from "../one-peer.ts";

const FORMER = member(8);
const HERE = "127.0.0.1:12999";

/** A peer that begins with the folder of 8, which was in a ring with 9. */
function begun(address = HERE): { peer: Peer; effects: Effect[] } {
  const ring = { ring: 70_000, bits: 48, strategy: "direct", replicationFactor: 3 } as const;
  const start: StartInput = {
    ...{ type: "start", id: 8, address, instance: "b".repeat(16), seed: 5, files: [] },
    config: { ...ring, pingIntervalMs: 3_600_000 },
    ...{ start: { kind: "found" }, incarnation: 1, restored: [FORMER, member(9)] },
  };
  const { peer, effects } = startPeer(start, 0);
  effects.push(
    ...give(peer, { type: "persisted", at: 1, incarnation: peer.membership.incarnationAsked }),
  );
  return { peer, effects };
}

function give(peer: Peer, input: Input): Effect[] {
  return step(peer, input);
}

function from(sender: Member, at: number, nonce = 1): Input {
  const { channel, body } = { channel: "stream", body: null } as const;
  const message = { ...word, nonce };
  return { type: "message", at, from: sender, channel, message, body, heldMs: 0 };
}

const pong = { tag: "pong", nonce: 1, round: false, digest: 0, room: 0 } as const;
const word = { ...pong, awayMs: null, forgottenMs: null };

test("it asks there first, and gives way to whoever answers with its id", () => {
  const { peer, effects } = begun();
  const asked = effects.filter((e) => e.type === "send" && e.to === FORMER.address);
  expect(asked).toMatchObject([{ channel: "stream", message: { tag: "ping" } }]);
  expect(peer.phase).toBe("starting");
  // Not to whoever says so unasked.
  give(peer, from(FORMER, 2));
  expect(peer.phase).toBe("starting");
  const ended = give(peer, from(FORMER, 2, peer.membership.formerNonce));
  expect(ended.find((e) => e.type === "exit")).toMatchObject({ code: 1 });
  expect(peer.phase).toBe("ended");
});

test("where nobody listens, or nobody answers, it goes on with what it was", () => {
  const address = FORMER.address;
  const refused = begun().peer;
  give(refused, { type: "unreachable", at: 2, address, how: "refused", broke: false });
  expect(refused.phase).toBe("in");
  const silent = begun().peer;
  give(silent, { type: "tick", at: FORMER_MS - 1 });
  expect(silent.phase).toBe("starting");
  // One that has its place now is another.
  give(
    silent,
    from(makeMember({ ...member(9), address }), FORMER_MS - 1, silent.membership.formerNonce),
  );
  give(silent, { type: "tick", at: FORMER_MS });
  expect(silent.phase).toBe("in");
  expect(begun(FORMER.address).peer.phase).toBe("in");
});
