/**
 * What must hold at every moment of a run, as one who sees all peers at once can tell: what is said of
 * the living, of joiners and of files has to be true when it is said.
 */
import { acknowledgementTrue, contentKnown, oneContent, onMajority } from "../checks/files.ts";
import { Invariants } from "../checks/invariants.ts";
import type { CheckResult } from "../checks/ring.ts";
import { COMPARE_EVERY_MS, JOIN_LOCK_MS } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import {
  compareVersions,
  type FileRecord,
  isSameOperation,
  isSameWrite,
  parseConflictName,
  shortInstance,
  type Version,
  type WriteId,
} from "../protocol/model/files.ts";
import { GREETED_BY_ALL } from "../protocol/model/limits.ts";
import { type Address, isExpected, stays } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import type { SimDisk } from "./disk.ts";
import { type Host, localTime } from "./host.ts";
import type { Ledger } from "./ledger.ts";
import { nameOf } from "./names.ts";
import type { Sometimes } from "./sometimes.ts";
import type { Stage } from "./stage.ts";

/** Whoever rejected a copy for want of room is asked again within this time. */
const ROOM_KNOWN_MS = 1.25 * COMPARE_EVERY_MS;

type Execution = { readonly version: Version; readonly at: number };

/** Says that a check does not hold, by throwing. */
export type Fail = (check: string, why: string) => never;

export class Promises {
  /** Peers that were frozen: the silence was their own. */
  readonly #frozen = new Set<number>();
  /** Contents that lay in the working directory before: they may still be on their way. */
  readonly #local = new Set<string>();
  readonly #acknowledgements = new Set<number>();
  /** What origins were told. */
  readonly #told = new Set<string>();
  /** Requests that an owner had others serve. */
  readonly #delegated = new Set<number>();
  /** To whom an answer with a content has gone, by request. */
  readonly #answers = new Set<string>();
  /** When disks that were full had room again. */
  readonly #roomAt = new Map<number, number>();
  /** Under which versions a disk has had an operation, and since when: one that was wiped is another. */
  readonly #executed = new WeakMap<SimDisk, Map<string, Execution[]>>();
  readonly #entered = new Set<number>();
  /** The lives that there were. */
  readonly #lived = new Set<string>();
  /** By peer: a process that starts anew is another. */
  readonly #invariants = new WeakMap<object, Invariants>();
  readonly #takingIn = new Map<Host, { request: number; at: number; run: number }>();

  constructor(
    private readonly stage: Stage,
    private readonly ledger: Ledger,
    private readonly sometimes: Sometimes,
    private readonly fail: Fail,
  ) {
    const { world } = stage;
    world.steps.push((host) => this.#checkState(host));
    world.post.observers.push((host, message, to) => this.#see(host, message, to));
    world.commits.push((host, record) => this.#noteWrite(host, record));
    world.readers.push((host, event) => this.#hear(host, event));
  }

  #checkState({ id, peer }: Host): void {
    if (peer === null) return;
    this.#lived.add(peer.self.instance);
    const invariants = this.#invariants.get(peer) ?? new Invariants();
    this.#invariants.set(peer, invariants);
    const broken = invariants.broken(peer);
    if (broken !== null) this.fail("I", `peer ${id}: it is not so that ${broken}`);
  }

  /** Looks at an action that is about to be done. */
  look(action: string): void {
    const [verb, word = ""] = action.split(" ");
    const name = nameOf(word);
    const replaced = this.stage.world.workingDirectory.get(name);
    if ((verb === "file" || verb === "change") && replaced !== undefined)
      this.#local.add(`${name} ${replaced.sha256}`);
    const ids = (action.match(/\d+/g) ?? []).map(Number);
    if (verb === "freeze") for (const id of ids) this.#frozen.add(id);
    if (verb === "room") for (const id of ids) this.#roomAt.set(id, this.stage.world.now);
  }

  #see(host: Host, message: Message, to: Address): void {
    if (message.tag === "join-done") this.#entered.add(message.request);
    else if (message.tag === "successor-change") this.#noteTakingIn(host, message.request);
    else if (message.tag === "answer" && message.outcome.kind === "stored") {
      const { record, replicas } = message.outcome;
      this.#noteAcknowledgement(host, message.request, record, replicas);
    } else if (message.tag === "delegate") {
      this.#delegated.add(message.request);
      this.#noteFound(host, message.write);
    } else if (message.tag === "answer" && message.outcome.kind === "found") {
      // Where another was told to hand it out, whoever told it has decided, by what it knew; and who only
      // passes an answer on has decided nothing, and may see another ring.
      const passesOn = host.places.some((place) =>
        this.#answers.has(`${message.request} ${place}`),
      );
      this.#answers.add(`${message.request} ${to}`);
      if (!this.#delegated.has(message.request) && !passesOn)
        this.#noteFound(host, message.outcome.write);
    }
  }

  #hear(host: Host, event: PeerEvent): void {
    if (event.event === "member") {
      if (event.state === "dead" && event.why === "suspicion") {
        this.#noteRumour(host.id, event.id, event.memberIncarnation);
      } else this.#noteMember(host, event.id);
    } else if (event.event === "outcome" && event.outcome.kind === "stored") {
      const { record, replicas } = event.outcome;
      this.#told.add(acknowledgementKey(record, replicas));
      this.ledger.noteAcknowledgement(record, replicas.length);
    } else if (event.event === "outcome" && event.outcome.kind === "received") {
      const { name = "" } = host.commands.get(event.command) ?? {};
      this.#noteDelivery(name, event.outcome.sha256);
    }
  }

  /** R9: nobody believes word of the death of a peer that runs, and that nothing has kept from answering. */
  #noteRumour(by: number, id: number, incarnation: number): void {
    // A plan that was cut down may name members that never were.
    const peer = [...this.stage.world.hosts.values()].find((h) => h.id === id)?.peer;
    if (peer?.phase !== "in" || incarnation < peer.self.incarnation) return;
    if ([by, id].some((i) => this.#frozen.has(i) || this.sometimes.cutOff(i))) return;
    this.fail("R9", `peer ${by} believed word of the death of peer ${id}, which lives`);
  }

  /** R12: whoever is a member of a small ring has lived, whatever others say. */
  #noteMember({ id, peer }: Host, memberId: number): void {
    const view = peer?.membership.view;
    const member = view?.find(memberId);
    if (view === undefined || member === undefined || view.size > GREETED_BY_ALL) return;
    if (!isExpected(member) && !this.#lived.has(member.instance))
      this.fail("R12", `peer ${id} took in peer ${memberId}, which nobody ever was`);
  }

  /** R10: a peer takes in one joiner at a time, until that is in or has had its time. */
  #noteTakingIn(host: Host, request: number): void {
    const { now } = this.stage.world;
    const open = this.#takingIn.get(host);
    this.#takingIn.set(host, { request, at: now, run: host.run });
    if (open === undefined || open.request === request || open.run !== host.run) return;
    // Clocks drift a little.
    if (this.#entered.has(open.request) || now - open.at >= JOIN_LOCK_MS - 10) return;
    this.fail("R10", `peer ${host.id} takes in two joiners at once`);
  }

  /** D4: an acknowledgement names durable copies only, and a majority of those that there should be. */
  #noteAcknowledgement(
    host: Host,
    request: number,
    record: FileRecord,
    replicas: readonly number[],
  ): void {
    // What its own origin was told before, when fewer were there, comes again with a copy that was late.
    if (this.#acknowledgements.has(request) || this.#told.has(acknowledgementKey(record, replicas)))
      return;
    this.#acknowledgements.add(request);
    this.#ask("D4", acknowledgementTrue(record, replicas, this.ledger.durableOn(record)));
    this.#ask(
      "D4",
      onMajority(record.name, replicas.length, this.#wantedBy(host), Number.POSITIVE_INFINITY),
    );
  }

  /** D4: what is handed out is on a majority, or was, or what took its place is. */
  #noteFound(host: Host, write: WriteId | null): void {
    if (write === null) return;
    const held = this.ledger.writesOf(write.name).find((v) => isSameWrite(v.record, write));
    const on = held === undefined ? 0 : this.ledger.durableOn(held.record).size;
    const { world } = this.stage;
    const full = world.living().filter((h) => h.disk.full);
    // One that had no room is offered what it rejected once in a while.
    const was = (id: number) =>
      world.now - (this.#roomAt.get(id) ?? -ROOM_KNOWN_MS) < ROOM_KNOWN_MS;
    const members = (host.peer?.membership.view.members ?? []).filter(stays);
    const able = members.filter((m) => !(was(m.id) || full.some((h) => h.id === m.id))).length;
    this.#ask("D4", onMajority(write.name, on, this.#wantedBy(host), able));
  }

  /** How many copies there should be, by what a peer knows. */
  #wantedBy({ peer }: Host): number {
    return Math.max(
      1,
      Math.min(this.stage.world.config.replicationFactor, peer?.membership.view.staying ?? 0),
    );
  }

  /** D7: no owner gives a second version to an operation that its own disk has under another one. */
  #noteExecution(host: Host, { name, operation, version, ageMs }: FileRecord): void {
    const { origin, number } = operation;
    const key = `${origin} ${number} ${name}`;
    const executed = this.#executed.get(host.disk) ?? new Map<string, Execution[]>();
    this.#executed.set(host.disk, executed);
    const before = executed.get(key) ?? [];
    const self = host.peer?.self;
    const own =
      self !== undefined && version.owner === self.id && version.instance === shortInstance(self);
    // Ages on a disk are as of the zero of its clock.
    const again = before.find((e) => compareVersions(e.version, version) !== 0 && e.at < -ageMs);
    if (own && again !== undefined) {
      this.fail(
        "D7",
        `peer ${host.id} gave operation ${origin}-${number} on ${name} a second version`,
      );
    }
    const at = localTime(host, this.stage.world.now);
    executed.set(key, [...before, { version, at }]);
  }

  /** D3: no two contents under one version. */
  #noteWrite(host: Host, record: FileRecord): void {
    this.#noteExecution(host, record);
    this.#ask("D3", oneContent(this.#records(record.name), record));
    this.ledger.noteWrite(host, record);
  }

  /** D3: what is handed out is the content of some write, or of a file that was never stored. */
  #noteDelivery(name: string, sha256: string): void {
    if (this.stage.world.workingDirectory.get(name)?.sha256 === sha256) return;
    if (this.#local.has(`${name} ${sha256}`)) return;
    const conflict = parseConflictName(name);
    // The name of a conflict may have only the beginning of the name that it was stored under.
    const records =
      conflict === null
        ? this.#records(name)
        : this.ledger.known().filter((v) => isSameOperation(v.operation, conflict.operation));
    this.#ask("D3", contentKnown(records, records[0]?.name ?? name, sha256));
  }

  #records(name: string): FileRecord[] {
    return this.ledger.writesOf(name).map((v) => v.record);
  }

  #ask(check: string, result: CheckResult): void {
    if (!result.ok) this.fail(check, result.why);
  }
}

function acknowledgementKey({ name, version }: FileRecord, replicas: readonly number[]): string {
  return [name, version.counter, version.owner, version.instance, ...replicas].join(" ");
}
