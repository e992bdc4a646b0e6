/** What `p2p doctor` is asked, and what it finds. */

/** `warning`: a peer works, and may be hindered. */
export type Verdict = "ok" | "warning" | "wrong";

export type Finding = {
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found, in a sentence. */
  readonly found: string;
  /** What to do about it; null where all is well. */
  readonly advice: string | null;
};

export type DoctorOptions = {
  /** The address to listen on, and the port. */
  readonly host: string;
  readonly port: number;
  /** Where a peer's data is to be. */
  readonly data: string;
  /** A peer elsewhere that is to be reached, HOST:PORT; null for none. */
  readonly peer: { readonly host: string; readonly port: number } | null;
  /** Of this program: version, runtime and platform, in words. */
  readonly build: string;
  readonly json: boolean;
};
