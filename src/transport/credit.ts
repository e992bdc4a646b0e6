/**
 * What an address may be sent by datagram before it is proved. Anybody can write another's address on a
 * datagram; so that nobody can have this peer send much to one that never asked, it gets back at most as
 * many bytes as came from there (as QUIC does, RFC 9000, section 8), until it has answered a ping of this peer.
 * That ping comes first, out of these bytes. One that says nothing is pinged now and then, since somebody has to begin.
 */
import { boundTable } from "../protocol/model/bounded.ts";
import type { Address } from "../protocol/model/member.ts";
import type { Message } from "../protocol/model/messages.ts";
import {
  CREDIT_ROWS,
  NONCES_KEPT,
  PING_BYTES,
  UNPROVED_PING_MS,
  UNPROVED_PINGS,
  UNPROVED_QUIET_MS,
} from "./limits.ts";

type Row = {
  /** Bytes that may still be sent there. */
  bytes: number;
  /** When something came from there. */
  heardAt: number;
  /** When all pings sent there so far are paid for, at one each `UNPROVED_PING_MS`. */
  pingsPaidAt: number;
  /** Of the latest pings, whose answer is a proof. */
  readonly nonces: number[];
  proved: boolean;
};

export class Credit {
  /** Those that are no members; the longest untouched first. */
  readonly #rows = new Map<Address, Row>();

  get size(): number {
    return this.#rows.size;
  }

  /** A datagram has come from there. */
  earn(address: Address, bytes: number, now: number): void {
    const row = this.#touch(address);
    row.bytes += bytes;
    row.heardAt = now;
  }

  /** An answer has come from there: the address is proved, if a ping was sent there that it answers. */
  answered(address: Address, nonce: number): void {
    const row = this.#rows.get(address);
    if (row?.nonces.includes(nonce)) row.proved = true;
  }

  /** Takes what a datagram costs. @returns false where it must not be sent */
  pay(address: Address, message: Message, bytes: number, now: number): boolean {
    const row = this.#touch(address);
    if (row.proved) return true;
    if (message.tag === "ping") {
      const isQuiet = now - row.heardAt > UNPROVED_QUIET_MS;
      if (!(isQuiet ? payAllowed(row, now) : payBytes(row, bytes))) return false;
      row.nonces.push(message.nonce);
      if (row.nonces.length > NONCES_KEPT) row.nonces.shift();
      return true;
    }
    const forPing = row.nonces.length === 0 ? PING_BYTES : 0;
    return bytes + forPing <= row.bytes && payBytes(row, bytes);
  }

  #touch(address: Address): Row {
    const row = this.#rows.get(address) ?? {
      bytes: 0,
      heardAt: Number.NEGATIVE_INFINITY,
      pingsPaidAt: Number.NEGATIVE_INFINITY,
      nonces: [],
      proved: false,
    };
    this.#rows.delete(address);
    this.#rows.set(address, row);
    boundTable(this.#rows, CREDIT_ROWS);
    return row;
  }
}

function payBytes(row: Row, bytes: number): boolean {
  if (bytes > row.bytes) return false;
  row.bytes -= bytes;
  return true;
}

function payAllowed(row: Row, now: number): boolean {
  const earliest = now - (UNPROVED_PINGS - 1) * UNPROVED_PING_MS;
  const from = Math.max(row.pingsPaidAt, earliest);
  if (from > now) return false;
  row.pingsPaidAt = from + UNPROVED_PING_MS;
  return true;
}
