/** The invites that a peer has written, and redeems: each by its token, until it ends, or once. */
import { join } from "node:path";
import { Failure } from "../protocol/model/failure.ts";
import type { OwnKeys } from "../seal/credentials.ts";
import { drawToken } from "../seal/invite.ts";
import { type Keyring, keyOf } from "../seal/keyring.ts";
import type { Standing } from "../seal/opening.ts";
import { Secret } from "../seal/secret.ts";
import { loadJson, replaceFile } from "../store/durable.ts";
import { INVITES_BYTES, INVITES_KEPT, INVITES_OPEN } from "./limits.ts";

/** The file's name in the folder. */
const INVITES_FILE = "invites.json";

type Written = {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly once: boolean;
  readonly used: boolean;
};

/** Why an invite does not hold any more. */
export type NotHolding = Exclude<Standing, "rotated" | null>;

export class Invites {
  #written: Written[] = [];
  readonly #secrets = new Map<string, Secret>();
  #saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly dir: string,
    private readonly keyring: Keyring,
    private readonly own: OwnKeys,
  ) {}

  /** Takes up those of former runs. @returns a sentence about a damaged file, or null */
  async begin(): Promise<string | null> {
    const { value, note } = await loadJson(join(this.dir, INVITES_FILE), INVITES_BYTES, parse);
    this.#written = value ?? [];
    for (const each of this.#written) await this.#offer(each);
    return note;
  }

  /** @returns the token. @throws Failure where there are too many; the system's error where it cannot be kept */
  async write(lastsMs: number, once: boolean): Promise<Uint8Array> {
    this.expire();
    if (this.#written.filter((each) => standingOf(each) === null).length >= INVITES_OPEN)
      throw new Failure(
        `This peer has written ${INVITES_OPEN} invites that still hold: wait until some have ended.`,
      );
    const token = drawToken();
    const text = Buffer.from(token).toString("base64url");
    const written = { token: text, expiresAt: Date.now() + lastsMs, once, used: false };
    const all = [...this.#written, written];
    this.#written = all.slice(-INVITES_KEPT);
    for (const { token: forgotten } of all.slice(0, -INVITES_KEPT)) {
      const secret = this.#secrets.get(forgotten);
      if (secret !== undefined) this.keyring.forget(secret);
      this.#secrets.delete(forgotten);
    }
    await this.#save();
    await this.#offer(written);
    return token;
  }

  /**
   * Somebody has shown an invite. One that holds once is spent before it is redeemed, so that nobody is quicker.
   * @returns why it does not hold; null where it does
   */
  async redeem(secret: Secret): Promise<NotHolding | null> {
    this.expire();
    const at = this.#written.findIndex(({ token }) => this.#secrets.get(token) === secret);
    const written = this.#written[at];
    const standing = written === undefined ? "used" : standingOf(written);
    if (written === undefined || standing !== null || !written.once) return standing;
    this.#written[at] = { ...written, used: true };
    this.keyring.refuse(secret, "used");
    await this.#save();
    return null;
  }

  /** None that was written until now holds any more. */
  end(): void {
    const now = Date.now();
    this.#written = this.#written.map((each) => ({
      ...each,
      expiresAt: Math.min(each.expiresAt, now),
    }));
    this.expire();
    this.#save().catch(() => {});
  }

  /** Those that have ended are told so from here on. */
  expire(): void {
    for (const written of this.#written) {
      const secret = this.#secrets.get(written.token);
      if (secret !== undefined && standingOf(written) === "expired")
        this.keyring.refuse(secret, "expired");
    }
  }

  async #offer(written: Written): Promise<void> {
    const secret = new Secret("invite", Buffer.from(written.token, "base64url"));
    this.#secrets.set(written.token, secret);
    const standing = standingOf(written);
    if (standing === null) this.keyring.accept(await keyOf(secret, this.own));
    else this.keyring.refuse(secret, standing);
  }

  /** One after the other: what was written last stands in the end. */
  #save(): Promise<void> {
    const saved = this.#saving.then(async () => {
      const text = `${JSON.stringify({ v: 1, invites: this.#written })}\n`;
      await replaceFile(join(this.dir, INVITES_FILE), text, true);
    });
    this.#saving = saved.catch(() => {});
    return saved;
  }
}

function standingOf({ used, expiresAt }: Written): NotHolding | null {
  if (used) return "used";
  return Date.now() >= expiresAt ? "expired" : null;
}

function parse(value: unknown): Written[] | null {
  if (typeof value !== "object" || value === null || !("invites" in value)) return null;
  const { invites } = value;
  return Array.isArray(invites) && invites.every(isWritten) ? invites : null;
}

function isWritten(value: unknown): value is Written {
  if (typeof value !== "object" || value === null) return false;
  const { token, expiresAt, once, used } = value as Partial<Written>;
  const isToken = typeof token === "string" && /^[\w-]{22}$/.test(token);
  return isToken && Number.isFinite(expiresAt) && [once, used].every((b) => typeof b === "boolean");
}
