/**
 * Faults to plant in the protocol, each in a build of the simulator alone: the proof that its checks
 * bite. Where a mild form of a fault is healed by the rest of the protocol, a harsher one stands here.
 */
import { ALONE_FAULTS } from "./alone-faults.ts";
import type { Fault } from "./fault.ts";
import { FILE_FAULTS } from "./file-faults.ts";
import { HISTORY_FAULTS } from "./history-faults.ts";
import { INVARIANT_FAULTS } from "./invariant-faults.ts";
import { ROAD_FAULTS } from "./road-faults.ts";

/** A fault counts as caught within so many seeds. */
export const MOST_SEEDS = 200;
/** Faults caught within so few are played with every run of the tests. */
export const QUICK_SEEDS = 4;

/** A ring that is wrong in calm fails as one of these, whichever is looked at first. */
const RING = ["R1", "R2", "R3", "R4", "R6"] as const;

export const FAULTS: readonly Fault[] = [
  ...FILE_FAULTS,
  ...HISTORY_FAULTS,
  ...ROAD_FAULTS,
  ...ALONE_FAULTS,
  ...INVARIANT_FAULTS,
  {
    name: "forget the second successor",
    breaks: "a peer knows one successor, and has none when that one dies",
    edits: [
      {
        file: "model/view.ts",
        find: "return this.#walk(this.#indexFrom(position + 1), 1, position, count);",
        replace:
          "return this.#walk(this.#indexFrom(position + 1), 1, position, count === 2 ? 1 : count);",
      },
    ],
    checks: RING,
    within: 1,
  },
  {
    name: "believe word of a death at once",
    breaks: "one confused peer makes a whole ring drop a living one",
    edits: [
      {
        file: "membership/news.ts",
        find: 'probeMember(peer, suspect, "suspicion", ["stream"]);',
        replace: 'learn(peer, said, "suspicion");',
      },
    ],
    checks: ["R9"],
    within: 2,
  },
  {
    name: "adopt a stale alive",
    breaks: "a late rumour wakes the dead",
    edits: [
      {
        file: "membership/records.ts",
        find: "compareMembers(member, old) > 0;",
        replace: "compareMembers(member, old) > 0 || (isPresent(member) && !isPresent(old));",
      },
      // Whatever others say of a life is taken for first-hand, and for news.
      {
        file: "membership/believing.ts",
        find: "if (compareMembers(said, known) <= 0) return",
        replace:
          "if (compareMembers(said, known) <= 0 && (isPresent(known) || !isPresent(said))) return",
      },
      {
        file: "membership/believing.ts",
        find: 'return source === "hearsay" ? "present" :',
        replace: 'return source === "hearsay" ? "present, trusted" :',
      },
      {
        file: "membership/believing.ts",
        find: "return said.incarnation > known.incarnation",
        replace: "return said.incarnation >= known.incarnation",
      },
    ],
    checks: RING,
    within: 36,
  },
  {
    name: "drop a refutation",
    breaks: "a living peer that was held for dead stays so",
    edits: [
      {
        file: "membership/news.ts",
        find: "raiseTo(peer, said.incarnation + 1, seenAt);",
        replace: "",
      },
    ],
    checks: [...RING, "R9"],
    within: 1,
  },
  {
    name: "off by one in the owner",
    breaks: "a key that is a peer's very id goes to the next peer",
    edits: [
      {
        file: "model/view.ts",
        find: "const first = this.#indexFrom(key) % this.size;",
        replace: "const first = this.#indexFrom(key + 1) % this.size;",
      },
    ],
    checks: ["R8", "D2"],
    within: 1,
  },
  {
    name: "join without the lock",
    breaks: "two joiners enter one gap at once, and the first is not told",
    edits: [
      {
        file: "lifecycle/admitting.ts",
        find: "} else if (lock !== null) {",
        replace: "} else if (lock !== null && lock.joiner.id === joiner.id) {",
      },
    ],
    checks: ["R10"],
    within: 5,
  },
  {
    name: "let in whom nobody has met",
    breaks: "owners wait for the word of those that a liar had let in",
    edits: [
      {
        file: "lifecycle/admitting.ts",
        find: 'else if (!greet(peer, joiner, { kind: "join", routed, joiner }))',
        replace: "else if (lock === null) takeIn(peer, routed, joiner);\n  else",
      },
    ],
    checks: ["R12"],
    within: 200,
    drawing: "lies",
  },
  {
    name: "take word of a member for the member",
    breaks: "owners wait for the word of those that a liar has made up",
    edits: [
      {
        file: "membership/greeting.ts",
        find: "return view.size > GREETED_BY_ALL && arrivals.size < TRUSTED_ARRIVALS;",
        replace: "return view.size < GREETED_BY_ALL && arrivals.size < TRUSTED_ARRIVALS;",
      },
    ],
    checks: ["R12"],
    within: 200,
    drawing: "lies",
  },
  {
    name: "reuse an incarnation",
    breaks: "word of a death is answered with the incarnation that it was about",
    edits: [
      {
        file: "membership/records.ts",
        find: "setSelf(peer, incarnation, peer.self.state);",
        replace:
          "setSelf(peer, isIn(peer) ? Math.max(1, peer.self.incarnation) : incarnation, peer.self.state);",
      },
    ],
    checks: [...RING, "R9"],
    within: 1,
  },
  {
    name: "forget who has departed",
    breaks: "the halves of a split ring never find each other",
    edits: [
      {
        file: "membership/records.ts",
        find: "peer.membership.departed.add(member, peer.now);",
        replace: "",
      },
    ],
    checks: RING,
    within: 5,
  },
  {
    name: "never compare tables",
    breaks: "news that was lost on its way is never made good",
    edits: [
      {
        file: "membership/spreading.ts",
        find: "pong.digest === view.digest) return;",
        replace: "pong.digest >= 0) return;",
      },
    ],
    checks: RING,
    within: 5,
  },
  {
    name: "leap too far",
    breaks: "a finger passes the owner, and lookups run in circles",
    edits: [
      {
        file: "requests/routing.ts",
        find: "2 ** Math.floor(Math.log2(places)));",
        replace: "Math.min(view.size - shut.length - 1, 2 ** Math.floor(Math.log2(places)) + 1));",
      },
    ],
    checks: ["R8"],
    within: 5,
  },
  {
    name: "never yield to a claimant",
    breaks: "two peers with one id stay, when a partition between them has healed",
    edits: [
      {
        file: "membership/news.ts",
        find: "exit(peer, 1, sentences.claimantWon(from));",
        replace: "",
      },
    ],
    checks: ["R7"],
    within: 17,
  },
];
