/**
 * The lock of a living peer: its keys as its sockets need them, the invites that it redeems, and what it says to
 * those who come about a key. An open ring has none.
 */
import { EXIT_USAGE, Failure } from "../protocol/model/failure.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import { inviteText } from "../seal/invite.ts";
import { keyOf } from "../seal/keyring.ts";
import { Secret } from "../seal/secret.ts";
import type { Wire } from "../transport/connection.ts";
import { answerErrand, runErrand } from "../transport/errand.ts";
import type { Closure, LockedOut, Transport } from "../transport/types.ts";
import type { Closing } from "./closing.ts";
import { Invites } from "./invites.ts";
import { HAND_AGAIN_MS, HANDED_AT_ONCE, LOCKED_OUT_TOLD } from "./limits.ts";
import { lockedOutSentence } from "./locked-out.ts";
import { type NextKey, nextKeyLine, RingKeys, readNextKey } from "./ring-keys.ts";
import { welcomeLine } from "./welcome.ts";

/** What the peer around it can do, once it lives. */
export type LockedPeer = {
  readonly dir: string;
  readonly transport: Transport;
  /** The peer through which it is coming into the ring; null where there is none, or once it is in. */
  contact(): { readonly address: Address; readonly name: string } | null;
  /** Those of its view that are alive, itself left out. */
  members(): readonly Member[];
  say(sentence: string): void;
  /** Ends the peer: it is out of its ring. */
  end(sentence: string): void;
};

export class Lock {
  /** For the sockets; null where the ring is open to all. */
  readonly closure: Closure | null;
  readonly #closing: Closing;
  #keys: RingKeys | null = null;
  #invites: Invites | null = null;
  #peer: LockedPeer | null = null;
  /** Why others did not let this peer in, while it had nobody to say so. */
  #lockedOut: { address: Address; why: LockedOut } | null = null;
  readonly #told = new Set<Address>();
  /** Members that have said that the key was changed. */
  readonly #rotatedBy = new Set<Address>();
  /** What is to be said once somebody hears it. */
  #note: string | null = null;
  /** Waits for the first round of a change. */
  #handed: ((missed: readonly number[]) => void) | null = null;
  #closed = false;

  constructor(closing: Closing, alsoKnownAs: () => readonly Address[]) {
    this.#closing = closing;
    const { keyring, instance } = closing;
    this.closure =
      keyring === null
        ? null
        : {
            ...{ keyring, run: instance, alsoKnownAs },
            lockedOut: (address, why) => this.#hearLockedOut(address, why),
            errand: (...errand) => this.#answer(...errand),
          };
  }

  /** True of a ring whose key this peer has just drawn. */
  get isNew(): boolean {
    return this.#closing.ring?.isNew ?? false;
  }

  /** How the ring is closed, and the name of its key, which tells nothing of it. */
  get shown(): { readonly by: "key" | "user" | "nothing"; readonly fingerprint: string | null } {
    if (this.#closing.keyring === null) return { by: "nothing", fingerprint: null };
    const fingerprint = this.#keys?.fingerprint ?? null;
    return { by: this.#closing.ring === null ? "user" : "key", fingerprint };
  }

  /**
   * Keeps the ring's key in the folder, and takes up the invites of former runs.
   * @throws the system's error
   */
  async keep(dir: string, transport: Transport): Promise<void> {
    const { keyring, ring } = this.#closing;
    if (keyring === null || ring === null) return;
    this.#keys = new RingKeys({
      ...{ keyring, own: ring.own, book: ring.book, dir },
      handOn: (next) => void this.#handOn(next),
      moveOver: () => {
        // What was said of the former key says nothing of this one.
        this.#rotatedBy.clear();
        transport.moveOver();
      },
      end: (secret) => transport.endUnder(secret),
      begun: () => this.#invites?.end(),
      say: (sentence) => this.#peer?.say(sentence),
    });
    this.#invites = new Invites(dir, keyring, ring.own);
    await this.#keys.begin();
    this.#note = await this.#invites.begin();
  }

  /** The peer lives from here on. */
  guard(peer: LockedPeer): void {
    this.#peer = peer;
    if (this.#note !== null) peer.say(this.#note);
    const before = this.#lockedOut;
    if (before !== null) this.#hearLockedOut(before.address, before.why);
  }

  /** A failure to come in, as what it is where the other side has said so. */
  explain(error: unknown): unknown {
    const known = this.#lockedOut;
    if (known === null || !(error instanceof Failure)) return error;
    return new Failure(lockedOutSentence(known.address, known.why));
  }

  /**
   * Writes an invite.
   * @param address of this peer, as others call it
   * @throws Failure in a ring without a key of its own; the system's error where it cannot be kept
   */
  async invite(address: Address, lastsMs: number, once: boolean): Promise<string> {
    const [keys, invites] = [this.#keys, this.#invites];
    if (keys === null || invites === null) throw noKey(this.#closing);
    const token = await invites.write(lastsMs, once);
    return inviteText({ token, fingerprint: keys.fingerprint, address });
  }

  /**
   * Changes the ring's key. Resolves when all members have been asked to take the next one.
   * @param without ids of members that do not get it
   * @param endsMs for so long the former is still taken
   * @returns ids of members that did not answer: they are tried again until the former key ends
   * @throws Failure in a ring without a key of its own, or where a change is going on
   */
  async rotate(without: readonly number[], endsMs: number): Promise<readonly number[]> {
    const keys = this.#keys;
    const members = this.#peer?.members() ?? [];
    if (keys === null) throw noKey(this.#closing);
    const unknown = without.find((id) => !members.some((member) => member.id === id));
    if (unknown !== undefined)
      throw new Failure(`There is no peer ${unknown} in this ring: see p2p status.`, EXIT_USAGE);
    const handed = Promise.withResolvers<readonly number[]>();
    this.#handed = handed.resolve;
    await keys.rotate(without, endsMs);
    return await handed.promise;
  }

  close(): void {
    this.#closed = true;
    this.#keys?.close();
  }

  /** Gives the next key to all members, and to those that did not answer again and again. */
  async #handOn(next: NextKey): Promise<void> {
    const { ring } = this.#closing;
    if (ring === null) return;
    const begun = performance.now();
    const key = await keyOf(new Secret("errand", this.#keys?.current ?? ring.book.key), ring.own);
    const wanted = (this.#peer?.members() ?? []).filter(({ id }) => !next.without.includes(id));
    let left = wanted;
    for (;;) {
      const missed: Member[] = [];
      const waiting = [...left];
      const work = async (): Promise<void> => {
        for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
          const ageMs = next.ageMs + performance.now() - begun;
          const line = nextKeyLine({ ...next, ageMs });
          const done = await runErrand(member.address, key, line).catch(() => null);
          if (done === null) missed.push(member);
        }
      };
      await Promise.all(Array.from({ length: HANDED_AT_ONCE }, work));
      left = missed;
      this.#handed?.(left.map(({ id }) => id));
      this.#handed = null;
      const late = performance.now() - begun + next.ageMs > next.endsMs;
      if (left.length === 0 || late || this.#closed) return;
      await Bun.sleep(HAND_AGAIN_MS);
    }
  }

  /** Somebody is there about a key. */
  #answer(socket: Wire, secret: Secret, instance: string): void {
    const answered = answerErrand(socket, async (line) => {
      const keys = this.#keys;
      if (keys === null) return null;
      if (secret.kind === "invite") {
        const why = (await this.#invites?.redeem(secret)) ?? null;
        return why === null
          ? welcomeLine({ ...keys.book, former: keys.names })
          : JSON.stringify({ v: 1, refused: why });
      }
      const next = readNextKey(line);
      const by = this.#peer?.members().find((member) => member.instance === instance);
      // Who is to be out must not choose the key; and one that nobody knows may be just that one.
      if (next === null || by === undefined || keys.isLeftOut(by.id)) return null;
      try {
        await keys.take(next, true);
      } catch (error) {
        if (error instanceof Failure) return null;
        throw error;
      }
      return JSON.stringify({ v: 1, taken: true });
    });
    answered.catch((error) => this.#peer?.say(`A key could not be kept: ${error}.`));
  }

  /** One may be a liar, or out itself: most of those that can be spoken to have to say so. */
  #hearRotated(peer: LockedPeer, address: Address): void {
    const members = peer.members();
    const by = members.find((member) => member.address === address);
    if (by !== undefined && this.#keys?.isLeftOut(by.id)) return;
    if (by !== undefined) this.#rotatedBy.add(address);
    const saying = members.filter((member) => this.#rotatedBy.has(member.address)).length;
    if (2 * saying >= members.length) peer.end(lockedOutSentence(address, "rotated"));
  }

  #hearLockedOut(address: Address, why: LockedOut): void {
    const peer = this.#peer;
    const contact = peer?.contact() ?? null;
    if (peer === null) this.#lockedOut = { address, why };
    else if (contact?.address === address)
      peer.end(lockedOutSentence(address, why, `${contact.name} at ${address}`));
    else if (why === "rotated") this.#hearRotated(peer, address);
    else if (!this.#told.has(address) && this.#told.size < LOCKED_OUT_TOLD) {
      this.#told.add(address);
      peer.say(lockedOutSentence(address, why));
    }
  }
}

function noKey({ keyring }: Closing): Failure {
  if (keyring === null) return new Failure("This ring is open to all (--insecure): it has no key.");
  return new Failure(
    "This ring is on this machine alone, and closed by your own key: your peers need no invite. One with a key of its own is founded with p2p init --host ADDRESS.",
  );
}
