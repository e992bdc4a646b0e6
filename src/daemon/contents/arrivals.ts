/** Contents on their way into the store, which others may have while they come in. */
import { boundTable } from "../../protocol/model/bounded.ts";
import type { FileRecord } from "../../protocol/model/files.ts";
import type { Content } from "../../store/content.ts";
import type { Draft } from "../../store/draft.ts";
import { OFFERS_KEPT } from "../limits.ts";

/** What came of a job: a content that still comes, or the write that it has become. */
export type Arrival =
  | { readonly kind: "coming"; readonly file: string; readonly open: () => Content }
  | { readonly kind: "stored"; readonly record: FileRecord };

export class Arrivals {
  readonly #jobs = new Map<number, Arrival>();

  begin(job: number, { name, size }: FileRecord, draft: Draft): void {
    this.#set(job, { kind: "coming", file: name, open: () => draft.tail(size) });
  }

  /** @param record what is stored now; null if nothing is */
  end(job: number, record: FileRecord | null): void {
    if (!this.#jobs.has(job)) return;
    if (record === null) this.#jobs.delete(job);
    else this.#set(job, { kind: "stored", record });
  }

  get(job: number): Arrival | undefined {
    return this.#jobs.get(job);
  }

  #set(job: number, arrival: Arrival): void {
    this.#jobs.set(job, arrival);
    boundTable(this.#jobs, OFFERS_KEPT);
  }
}
