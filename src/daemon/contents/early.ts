/**
 * Copies that are written while a file is hashed, before the ring is asked: where this peer is to hold the name,
 * its copy is what was hashed, and comes neither over the network nor by another reading.
 */
import type { FileRecord } from "../../protocol/model/files.ts";
import type { Draft } from "../../store/draft.ts";
import type { FileStore } from "../../store/files.ts";
import { EARLY_COPIES } from "../limits.ts";

type Content = Pick<FileRecord, "name" | "size" | "sha256">;

/** A copy that is whole: to be committed, or aborted. */
export type ReadyCopy = { readonly draft: Draft; readonly sha256: string };

/** One copy. What its disk will not take ends it, and nothing else. */
export class EarlyCopy {
  #draft: Draft | null;
  #sha256: string | null = null;

  constructor(
    private readonly name: string,
    draft: Draft,
    private readonly ended: () => void,
  ) {
    this.#draft = draft;
  }

  /** Takes a piece. @returns resolves when there is room for the next one: all but the latest two are written then */
  async write(piece: Uint8Array): Promise<void> {
    try {
      await this.#draft?.write(piece);
    } catch {
      await this.drop();
    }
  }

  /** All has come, and hashed to this: whoever is to keep it may take it. */
  ready(sha256: string): void {
    this.#sha256 = sha256;
  }

  /** @returns null if this is another content, or has been taken */
  take({ name, size, sha256 }: Content): ReadyCopy | null {
    const draft = this.#draft;
    if (name !== this.name || sha256 !== this.#sha256 || size !== draft?.size) return null;
    this.#end();
    return { draft, sha256 };
  }

  /** Nobody is to have it any more: what was not taken goes. Never rejects. */
  async drop(): Promise<void> {
    const draft = this.#draft;
    this.#end();
    await draft?.abort();
  }

  #end(): void {
    this.#draft = null;
    this.ended();
  }
}

export class EarlyCopies {
  readonly #copies = new Set<EarlyCopy>();

  constructor(private readonly files: Pick<FileStore, "begin">) {}

  /** @returns null where so many are under way that this one is rather fetched like any other */
  begin(name: string): EarlyCopy | null {
    if (this.#copies.size >= EARLY_COPIES) return null;
    const draft = this.files.begin({ hash: false });
    const copy: EarlyCopy = new EarlyCopy(name, draft, () => this.#copies.delete(copy));
    this.#copies.add(copy);
    return copy;
  }

  /** Hands out the content of a record. @returns null if it is not here */
  take(content: Content): ReadyCopy | null {
    for (const copy of this.#copies) {
      const ready = copy.take(content);
      if (ready !== null) return ready;
    }
    return null;
  }

  /** Leaves nothing. Never rejects. */
  async clear(): Promise<void> {
    await Promise.all([...this.#copies].map((copy) => copy.drop()));
  }
}
