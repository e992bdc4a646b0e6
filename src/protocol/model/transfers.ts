/** The frames of a connection that carries one content and nothing else. */
import type { RequestId } from "./asks.ts";
import type { WriteId } from "./files.ts";

/** First frame of a connection that carries one content and nothing else. */
export type Fetch = {
  readonly tag: "fetch";
  readonly source: FetchSource;
  /** Where to begin, in bytes. */
  readonly offset: number;
};
/** What is fetched: a content under a request's id, or that of a stored write. */
export type FetchSource =
  | { readonly kind: "ticket"; readonly request: RequestId }
  | { readonly kind: "write"; readonly write: WriteId };
/** Then `size - offset` raw bytes follow, then a ContentEnd, which the taker answers with its own. */
export type Content = { readonly tag: "content"; readonly size: number };
/** What the whole must hash to, or what its taker found; null where an unhashed one began at an offset. */
export type ContentEnd = { readonly tag: "content-end"; readonly sha256: string | null };
export type ContentRefused = { readonly tag: "content-refused"; readonly why: string };

/** All of them. */
export type ContentMessage = Fetch | Content | ContentEnd | ContentRefused;
