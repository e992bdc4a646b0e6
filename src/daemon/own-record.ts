/** This peer as others know it, for all that is sent, served or told in its name. */
import { type Member, makeMember } from "../protocol/model/member.ts";
import type { Sender } from "../wire/message.ts";

export class OwnRecord {
  /** As the protocol has it; until it begins, what was drawn at the process's start. */
  self: Member;
  /** 0 until it is known. */
  ring: number;
  #made: { readonly self: Member; readonly sender: Sender } | null = null;

  constructor(id: number, instance: string, ring: number) {
    this.self = makeMember({ id, instance, incarnation: 0, state: "alive", address: "" });
    this.ring = ring;
  }

  /**
   * The header of all that is sent: made anew only where something in it has changed, since all ask for it.
   * @param port at which others call, which only changes before anything is sent
   * @param host the one that others call, where they cannot see it from whence the bytes come; always the same
   */
  senderAt(port: number, host?: string): Sender {
    const { self, ring } = this;
    const made = this.#made;
    if (made?.self === self && made.sender.ring === ring && made.sender.port === port) {
      return made.sender;
    }
    const { id, incarnation, instance, state } = self;
    const named = host === undefined ? {} : { host };
    const sender: Sender = { id, incarnation, instance, state, ring, port, ...named };
    this.#made = { self, sender };
    return sender;
  }
}
