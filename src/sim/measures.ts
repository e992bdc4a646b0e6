/** What a large run is measured by, taken from the peers' events and from what they send. */
import type { Outcome, PeerEvent } from "../protocol/model/events.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Bytes of a datagram or a frame besides the message itself: the headers of IP with UDP. */
const HEADERS = 28;

type Kill = {
  readonly at: number;
  /** Its two predecessors, until they have dropped it. */
  readonly watchers: Set<number>;
  /** How many have dropped it, and when the last of them did. */
  last: number;
};

export class Measures {
  readonly detect: number[] = [];
  readonly outcomes = new Map<number, Outcome>();
  messages = 0;
  bytes = 0;
  /** Virtual milliseconds lived by all peers together. */
  peerMs = 0;
  /** The hosts whose peers run, in no order. */
  readonly up: Host[] = [];
  readonly #world: World;
  readonly #kills = new Map<number, Kill>();
  #since = 0;

  constructor(world: World) {
    this.#world = world;
    world.readers.push((host, event) => this.#hear(host, event));
  }

  /** Milliseconds from each kill until the last peer had dropped the victim. */
  get known(): number[] {
    return [...this.#kills.values()].map((kill) => kill.last - kill.at);
  }

  /** The ring stands: from here on it is measured. */
  begin(): void {
    this.up.push(...this.#world.living());
    this.#since = this.#world.now;
  }

  /** A peer has been started in a ring that stands. */
  joined(host: Host): void {
    this.#account();
    this.up.push(host);
  }

  /** A peer is about to be killed. */
  killed(host: Host): void {
    this.#account();
    this.up.splice(this.up.indexOf(host), 1);
    if (host.peer?.phase !== "in") return;
    const watchers = new Set(host.peer.membership.view.before(host.id, 2).map((m) => m.id));
    this.#kills.set(host.id, { at: this.#world.now, watchers, last: this.#world.now });
  }

  /** What is sent from here on is not counted. */
  stop(): void {
    this.#account();
    const { sent, wire } = this.#world.post;
    const { sampledBytes, sampled } = wire;
    this.messages = sent;
    this.bytes = sampled === 0 ? 0 : (sampledBytes / sampled + HEADERS) * sent;
  }

  #account(): void {
    this.peerMs += this.up.length * (this.#world.now - this.#since);
    this.#since = this.#world.now;
  }

  #hear(host: Host, event: PeerEvent): void {
    if (event.event === "outcome") this.outcomes.set(event.command, event.outcome);
    if (event.event !== "member" || event.state !== "dead") return;
    const kill = this.#kills.get(event.id);
    if (kill === undefined) return;
    kill.last = this.#world.now;
    if (!kill.watchers.delete(host.id) || kill.watchers.size > 0) return;
    this.detect.push(this.#world.now - kill.at);
  }
}
