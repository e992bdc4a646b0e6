import type { PeerOptions, PeerStart } from "../../daemon/run.ts";
import { ipFamily, isLoopback } from "../../wire/address.ts";
import { parseHost } from "./address.ts";
import { UsageError } from "./errors.ts";
import { optional, parseBasePort, parsePort, parseRate } from "./values.ts";

/** What `init` and `join` have in common: the flags that say where a peer listens and lives. */

const LOOPBACK = "127.0.0.1";
const LOOPBACK_6 = "::1";
const DEFAULT_BASE_PORT = 12_000;

type PeerFlags = {
  "base-port"?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  insecure?: boolean | undefined;
  data?: string | undefined;
  "repair-rate"?: string | undefined;
  verbose?: boolean | undefined;
  child?: boolean | undefined;
};

/**
 * The options of a peer, but for what the ring itself is like.
 *
 * @throws UsageError for a flag that does not go with that way to start, and for a ring that
 *   anyone could enter from another machine without `--insecure`
 */
export function peerOptions(
  start: PeerStart,
  pingIntervalMs: number | null,
  flags: PeerFlags,
): Omit<PeerOptions, "route" | "copies" | "waitMs"> {
  const numbered = start.kind === "init" || start.kind === "join";
  if (numbered && flags.port !== undefined) {
    throw new UsageError("--port is for a peer without a number: --base-port moves this one");
  }
  if (!numbered && flags["base-port"] !== undefined) {
    throw new UsageError("--base-port is for numbered peers: --port moves this one");
  }
  const host = optional(parseHost, "--host", flags.host) ?? loopbackFor(start);
  if (!numbered) checkReach(start, host, flags.insecure === true);
  return {
    start,
    pingIntervalMs,
    basePort: optional(parseBasePort, "--base-port", flags["base-port"]) ?? DEFAULT_BASE_PORT,
    host,
    port: optional(parsePort, "--port", flags.port),
    insecure: flags.insecure === true,
    dataDir: flags.data ?? null,
    repairRate: optional(parseRate, "--repair-rate", flags["repair-rate"]),
    verbose: flags.verbose === true,
    child: flags.child === true,
  };
}

/** One that listens on one family of addresses cannot speak to a peer behind the other. */
function loopbackFor(start: PeerStart): string {
  return start.kind === "enter" && ipFamily(start.host) === 6 ? LOOPBACK_6 : LOOPBACK;
}

/** Such a ring has no lock yet: off loopback, whoever reaches it can join it and read its files. */
function checkReach(start: PeerStart, host: string, insecure: boolean): void {
  if (start.kind === "enter" && !isLoopback(start.host) && isLoopback(host)) {
    throw new UsageError(
      `A ring at ${start.host} cannot reach a peer that listens on ${host}: add --host ADDRESS --insecure`,
    );
  }
  if (!isLoopback(host) && !insecure) {
    throw new UsageError(
      `Anyone who reaches ${host} could join this ring and read its files: add --insecure to accept that`,
    );
  }
}
