/** One peer that tries one member, and all that may befall that probe, brought about as it happens in a ring. */
import type { ProbeEvent } from "../../src/protocol/membership/machine.ts";
import type { Probe, ProbeReason } from "../../src/protocol/membership/state.ts";
import { REFUSAL_BURST_MS } from "../../src/protocol/model/config.ts";
import type { Effect } from "../../src/protocol/model/io.ts";
import { type Member, makeMember } from "../../src/protocol/model/member.ts";
import type { Channel } from "../../src/protocol/model/messages.ts";
import { nextDeadline } from "../../src/protocol/peer.ts";
import { idAt, member, OnePeer } from "./one-peer.ts";

/** Neither of the two successors, behind them. */
const FAR = 20;
const OTHER_RUN = { incarnation: 5, instance: "f".repeat(16) };

/** Who is tried, and what is said or done that has it tried. */
const BEGUN: Readonly<Record<ProbeReason, readonly [Member, (trying: Trying) => void]>> = {
  watch: [member(9), (t) => t.unreachable("timeout", false)],
  suspicion: [member(9), (t) => t.hearOf(makeMember({ ...member(9), state: "dead" }), false)],
  unverified: [member(30), (t) => t.hearOf(t.target, false)],
  stranger: [member(30), (t) => t.hearFrom(t.target)],
  claimant: [
    makeMember({ ...member(8), ...OTHER_RUN, address: member(31).address }),
    (t) => t.hearOf(t.target, false),
  ],
};

/** Peer 8, which tries one member for some reason. All others answer at once. */
export class Trying {
  readonly one = new OnePeer(8);
  readonly target: Member;
  readonly probe: Probe;
  /** What the last input has brought. */
  done: readonly Effect[] = [];

  constructor(reason: ProbeReason) {
    const [target, begin] = BEGUN[reason];
    this.target = target;
    begin(this);
    const probe = [...this.one.peer.membership.probes.values()].find((p) => p.reason === reason);
    if (probe === undefined) throw new Error(`nobody is tried: ${reason}`);
    this.probe = probe;
  }

  /** Takes note of what an input has brought, and has the others answer. */
  #did(done: readonly Effect[]): void {
    this.done = done;
    for (const effect of done) {
      if (effect.type !== "send" || effect.message.tag !== "ping") continue;
      const isOther = effect.to !== this.target.address;
      if (isOther) this.one.hear(idAt(effect.to), { ...effect.message, tag: "pong" });
    }
  }

  /** Another peer speaks of a member. `joining`: in whose joining it has heard from it. */
  hearOf(about: Member, joining: boolean): void {
    this.#did(this.one.hear(2, { tag: "gossip", joining, members: [about] }));
  }

  /** The one that is tried says who it is, as the last input had it asked. */
  meet(): void {
    this.#did(this.one.greeted(this.target));
  }

  /** A member says something itself. */
  hearFrom(from: Member): void {
    const message = { tag: "gossip", joining: false, members: [] } as const;
    const given = { type: "message", from, channel: "datagram", body: null, heldMs: 0 } as const;
    this.#did(this.one.give({ ...given, message }));
  }

  unreachable(how: "refused" | "timeout", broke: boolean): void {
    const { address } = this.target;
    this.#did(this.one.give({ type: "unreachable", address, how, broke }));
  }

  answer(channel: Channel): void {
    const standing = { room: 1, awayMs: null, forgottenMs: null };
    const message = { tag: "pong", nonce: this.#nonce, round: false, digest: 0 } as const;
    this.#did(
      this.one.give({
        ...{ type: "message", from: this.target, channel, body: null, heldMs: 0 },
        message: { ...message, ...standing },
      }),
    );
  }

  relay(): void {
    const { target } = this;
    this.#did(this.one.hear(2, { tag: "ping-req-ack", nonce: this.#nonce, target }));
  }

  sleep(sleptMs: number): void {
    this.#did(this.one.give({ type: "woke", sleptMs }));
  }

  tick(at: number): void {
    this.one.now = at;
    this.#did(this.one.give({ type: "tick" }));
  }

  /** Meets all deadlines up to one of the probe's. */
  deadline(): void {
    for (const { missed } = this.probe; missed === this.probe.missed; ) {
      this.tick(nextDeadline(this.one.peer));
    }
  }

  /** The ways by which the last input had the member tried, in order; each of those who were asked to try. */
  get ways(): string[] {
    return this.done.flatMap((effect) => {
      if (effect.type === "dial") return ["dial"];
      if (effect.type !== "send") return [];
      const { to, channel, message } = effect;
      if (message.tag === "ping-req")
        return message.target.id === this.target.id ? ["ping-req"] : [];
      return message.tag === "ping" && to === this.target.address ? [channel] : [];
    });
  }

  /** Whether it has begun to try those behind the one that is tried. */
  get triesOthers(): boolean {
    return this.done.some(
      (e) =>
        e.type === "send" &&
        e.message.tag === "ping" &&
        idAt(e.to) === FAR &&
        e.channel === "stream",
    );
  }

  /** What the last input has changed of members: id, state and why. */
  get news(): string[] {
    return this.done.flatMap((e) =>
      e.type === "event" && e.event.event === "member"
        ? [`${e.event.id} ${e.event.state} ${e.event.why}`]
        : [],
    );
  }

  get #nonce(): number {
    return [...this.probe.nonces.keys()].at(-1) ?? 0;
  }
}

/** Brings each event about. @returns what befalls the probe thereby, since some do not come alone */
export const BEFALL: Readonly<Record<ProbeEvent, (trying: Trying) => readonly ProbeEvent[]>> = {
  answer: (trying) => {
    trying.answer("datagram");
    return ["answer"];
  },
  "answer-by-stream": (trying) => {
    trying.answer("stream");
    return ["answer-by-stream"];
  },
  "relayed-answer": (trying) => {
    trying.relay();
    return ["relayed-answer"];
  },
  deadline: (trying) => {
    trying.deadline();
    return ["deadline"];
  },
  "last-deadline": (trying) => {
    trying.tick(trying.probe.until);
    return ["last-deadline"];
  },
  refusal: (trying) => {
    trying.unreachable("refused", false);
    return ["refusal"];
  },
  "refusal-and-break": (trying) => {
    trying.unreachable("refused", true);
    return ["refusal-and-break"];
  },
  lapse: (trying) => {
    const { refusals, refusedAt } = trying.probe;
    const late = refusals !== "unrefused";
    if (late) trying.one.now = refusedAt + REFUSAL_BURST_MS + 1;
    trying.unreachable("refused", false);
    // After so long another ping is due as well.
    return late ? ["lapse", "refusal", "deadline"] : ["lapse", "refusal"];
  },
  "dial-timeout": (trying) => {
    trying.unreachable("timeout", false);
    return ["dial-timeout"];
  },
  sleep: (trying) => {
    trying.sleep(1_000);
    return ["sleep"];
  },
  known: (trying) => {
    trying.hearOf(trying.target, true);
    if (trying.probe.end === null) trying.meet();
    return ["known"];
  },
  restart: (trying) => {
    trying.hearOf(makeMember({ ...trying.target, ...OTHER_RUN }), false);
    return ["restart"];
  },
};
