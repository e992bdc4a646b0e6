/**
 * Datagrams of a closed ring. Before the first to an address its peer is asked for its run, in a datagram that
 * only who has the key can make or answer; all else is sealed for that run. Who has no key gets no answer.
 *
 *     asking    1 byte 'n', the key's id, the caller's run, a nonce, a code over these and the address called
 *     answer   1 byte 'y', the run asked for, a code over it, the caller's run and the nonce
 *     sealed   1 byte 'd', the sender's run, a number, the bytes sealed
 */
import { randomBytes } from "node:crypto";
import { boundTable } from "../protocol/model/bounded.ts";
import type { Address } from "../protocol/model/member.ts";
import { formatAddress, parseAddress } from "../wire/address.ts";
import type { Keyring } from "./keyring.ts";
import {
  ASK_AGAIN_MS,
  ASKED_TRIED,
  ASKING_MS,
  KEY_ID_BYTES,
  MAC_BYTES,
  NONCE_BYTES,
  PLACES_KEPT,
  RUN_BYTES,
  RUNS_KEPT,
  SILENT_MS,
  STRANGE_PER_TURN,
  WAITING,
} from "./limits.ts";
import { Run, SEAL_BYTES, SEALED, senderOf } from "./run.ts";
import type { Secret } from "./secret.ts";

export { SEAL_BYTES } from "./run.ts";

const ASKING = 0x6e;
const ANSWER = 0x79;
const OPENING_BYTES = 1 + KEY_ID_BYTES + RUN_BYTES + NONCE_BYTES + MAC_BYTES;
const ANSWER_BYTES = 1 + RUN_BYTES + MAC_BYTES;

export type SealingOptions = {
  readonly keyring: Keyring;
  /** This peer's run: 16 hexadecimal digits. */
  readonly run: string;
  /** Addresses of this peer, any of which a caller may mean. */
  own(): readonly Address[];
  /** Sends as it is. @returns the error's code where the system refused, else null */
  send(bytes: Uint8Array, host: string, port: number): string | null;
  /** Hears what was sealed, and the run that it is from. */
  heard(bytes: Uint8Array, host: string, port: number, run: string): void;
  /** A datagram was sealed with no key that is known here, or not at all. */
  refused(host: string, port: number): void;
  /** A clock of milliseconds that only goes on. */
  now(): number;
  /** Calls back when timers and streams have had their turn. */
  later(call: () => void): void;
};

/** What is known of an address: whose run is there, since when it is silent, and what it is being asked. */
type Place = {
  run: string | null;
  /** When the first was sent to it that nothing has come after; null where something has. */
  unansweredSince: number | null;
  asking: { readonly nonce: Uint8Array; readonly secret: Secret; readonly at: number } | null;
  waiting: Uint8Array[];
};

export class Sealing {
  readonly #options: SealingOptions;
  readonly #own: Uint8Array;
  readonly #places = new Map<Address, Place>();
  readonly #runs = new Map<string, Run>();
  #strange = 0;

  constructor(options: SealingOptions) {
    this.#options = options;
    this.#own = Buffer.from(options.run, "hex");
  }

  /**
   * Seals and sends; or keeps it, for at most a second, until the peer there has said who it is.
   * @param called the address by which the peer there is known, where that is another
   */
  send(bytes: Uint8Array, host: string, port: number, called?: Address): string | null {
    const address = formatAddress(host, port);
    const place = this.#placeAt(address);
    const now = this.#options.now();
    const code = this.#askIfDue(place, called ?? address, host, port, now);
    place.unansweredSince ??= now;
    if (place.run !== null) {
      const sealed = this.#runNamed(place.run).seal(bytes, this.#options.keyring.current.secret);
      return this.#options.send(sealed, host, port);
    }
    place.waiting.push(bytes.slice());
    if (place.waiting.length > WAITING) place.waiting.shift();
    return code;
  }

  /** Takes what has come; says nothing to what no peer of the ring has made. */
  take(bytes: Uint8Array, host: string, port: number): void {
    if (bytes[0] === SEALED && bytes.length > SEAL_BYTES) this.#open(bytes, host, port);
    else if (bytes[0] === ASKING && bytes.length === OPENING_BYTES) this.#answer(bytes, host, port);
    else if (bytes[0] === ANSWER && bytes.length === ANSWER_BYTES) this.#learn(bytes, host, port);
    else this.#options.refused(host, port);
  }

  #open(bytes: Uint8Array, host: string, port: number): void {
    const run = senderOf(bytes);
    if (run === null) return;
    const known = this.#runs.get(run);
    // A run can be read on the way by anybody, and where it sends from cannot be taken by everybody.
    const isFamiliar = this.#places.get(formatAddress(host, port))?.run === run;
    if (!(known !== undefined && isFamiliar) && !this.#hasTurn()) return;
    const sender = known ?? new Run(this.#own, Buffer.from(run, "hex"));
    const opened = sender.open(bytes, this.#options.keyring.accepted);
    if (opened === null) {
      this.#options.refused(host, port);
      return;
    }
    this.#keep(run, sender);
    const place = this.#placeAt(formatAddress(host, port));
    place.run = run;
    place.unansweredSince = null;
    this.#flush(place, host, port);
    this.#options.heard(opened, host, port, run);
  }

  /** What comes from strangers must not keep members waiting: so many in each turn of the event loop. */
  #hasTurn(): boolean {
    if (this.#strange === 0) this.#options.later(() => (this.#strange = 0));
    this.#strange += 1;
    return this.#strange <= STRANGE_PER_TURN;
  }

  #askIfDue(
    place: Place,
    address: Address,
    host: string,
    port: number,
    now: number,
  ): string | null {
    const { asking, run, unansweredSince } = place;
    const spacingMs = run === null ? ASK_AGAIN_MS : SILENT_MS;
    const silent = unansweredSince !== null && now - unansweredSince > SILENT_MS;
    if ((run !== null && !silent) || (asking !== null && now - asking.at < spacingMs)) return null;
    if (asking !== null && now - asking.at > ASKING_MS) place.waiting.length = 0;
    const { secret } = this.#options.keyring.current;
    const nonce = randomBytes(NONCE_BYTES);
    place.asking = { nonce, secret, at: now };
    const mac = secret.mac("run?", this.#own, nonce, address);
    const bytes = Buffer.concat([Uint8Array.of(ASKING), secret.id, this.#own, nonce, mac]);
    return this.#options.send(bytes, host, port);
  }

  #answer(bytes: Uint8Array, host: string, port: number): void {
    if (!this.#hasTurn()) return;
    const { keyring, own } = this.#options;
    const [id, afterId] = cut(bytes.subarray(1), KEY_ID_BYTES);
    const [run, afterRun] = cut(afterId, RUN_BYTES);
    const [nonce, mac] = cut(afterRun, NONCE_BYTES);
    const secret = keyring.accepted.find((each) => Buffer.compare(each.id, id) === 0);
    if (secret === undefined) return;
    if (!own().some((to) => secret.proves(mac, "run?", run, nonce, to))) return;
    if (!keyring.isNew(nonce)) return;
    const proof = secret.mac("run!", this.#own, run, nonce);
    this.#options.send(Buffer.concat([Uint8Array.of(ANSWER), this.#own, proof]), host, port);
  }

  #learn(bytes: Uint8Array, host: string, port: number): void {
    const [run, mac] = cut(bytes.subarray(1), RUN_BYTES);
    const answers = ({ asking }: Place): boolean =>
      asking?.secret.proves(mac, "run!", run, this.#own, asking.nonce) ?? false;
    const source = formatAddress(host, port);
    const place = this.#places.get(source);
    if (place !== undefined && answers(place)) this.#settle(place, run, host, port);
    // One with several addresses may answer from another than the one that was called.
    else if (this.#hasTurn()) {
      const found = this.#asked().find(([, each]) => answers(each));
      const target = found === undefined ? null : parseAddress(found[0]);
      if (found === undefined || target === null) return;
      this.#settle(found[1], run, target.host, target.port);
    }
  }

  /** Of those that have been asked and may yet answer, the latest: strangers could send answers that cost much. */
  #asked(): [Address, Place][] {
    const since = this.#options.now() - ASKING_MS;
    const isAsked = ({ asking }: Place): boolean => asking !== null && asking.at >= since;
    return [...this.#places].filter(([, place]) => isAsked(place)).slice(-ASKED_TRIED);
  }

  #settle(place: Place, run: Uint8Array, host: string, port: number): void {
    place.asking = null;
    place.run = Buffer.from(run).toString("hex");
    place.unansweredSince = null;
    this.#flush(place, host, port);
  }

  #flush(place: Place, host: string, port: number): void {
    const { waiting, run } = place;
    if (waiting.length === 0 || run === null) return;
    place.waiting = [];
    const { secret } = this.#options.keyring.current;
    for (const bytes of waiting)
      this.#options.send(this.#runNamed(run).seal(bytes, secret), host, port);
  }

  #runNamed(name: string): Run {
    const known = this.#runs.get(name) ?? new Run(this.#own, Buffer.from(name, "hex"));
    this.#keep(name, known);
    return known;
  }

  /** The one least recently used goes where there are too many. */
  #keep(name: string, run: Run): void {
    this.#runs.delete(name);
    this.#runs.set(name, run);
    boundTable(this.#runs, RUNS_KEPT);
  }

  #placeAt(address: Address): Place {
    const known = this.#places.get(address);
    const place = known ?? { run: null, unansweredSince: null, asking: null, waiting: [] };
    this.#places.delete(address);
    this.#places.set(address, place);
    boundTable(this.#places, PLACES_KEPT);
    return place;
  }
}

/** Cuts off the first `length` bytes. */
function cut(bytes: Uint8Array, length: number): [first: Uint8Array, rest: Uint8Array] {
  return [bytes.subarray(0, length), bytes.subarray(length)];
}
