import type { PeerOptions, PeerStart } from "../../daemon/run.ts";
import { Failure } from "../../protocol/model/failure.ts";
import { parseKey } from "../../seal/key-text.ts";
import { readSecret } from "../../store/key-file.ts";
import { quote } from "../../terminal/words.ts";
import { ipFamily, isEverywhere, isLoopback } from "../../wire/address.ts";
import { parseHost, parseHostMaybePort } from "./address.ts";
import { UsageError } from "./errors.ts";
import { optional, parseBasePort, parsePort, parseRate } from "./values.ts";

/** What `init` and `join` have in common: the flags that say where a peer listens and lives. */

const LOOPBACK = "127.0.0.1";
const LOOPBACK_6 = "::1";
const DEFAULT_BASE_PORT = 12_000;
/** A ring's key, for whoever has no file for it. */
const KEY_VARIABLE = "P2P_KEY";

type PeerFlags = {
  "base-port"?: string | undefined;
  host?: string | undefined;
  advertise?: string | undefined;
  port?: string | undefined;
  insecure?: boolean | undefined;
  "key-file"?: string | undefined;
  data?: string | undefined;
  "repair-rate"?: string | undefined;
  verbose?: boolean | undefined;
  child?: boolean | undefined;
};

/**
 * The options of a peer, but for what the ring itself is like.
 *
 * @param invited it comes with an invite: where it listens unless told, and its key, follow from that
 * @throws UsageError for a flag that does not go with that way to start; Failure for a key that cannot be read
 */
export function peerOptions(
  start: PeerStart,
  pingIntervalMs: number | null,
  flags: PeerFlags,
  invited = false,
): Omit<PeerOptions, "route" | "copies" | "waitMs"> {
  const numbered = start.kind === "init" || start.kind === "join";
  if (numbered && flags.port !== undefined) {
    throw new UsageError("--port is for a peer without a number: --base-port moves this one");
  }
  if (!numbered && flags["base-port"] !== undefined) {
    throw new UsageError("--base-port is for numbered peers: --port moves this one");
  }
  if (numbered && flags.advertise !== undefined) {
    throw new UsageError("--advertise is for a peer without a number: others find this by --host");
  }
  const given = optional(parseHost, "--host", flags.host);
  const host = given ?? loopbackFor(start);
  if (given !== null || !invited) checkReach(start, host);
  return {
    start,
    pingIntervalMs,
    basePort: optional(parseBasePort, "--base-port", flags["base-port"]) ?? DEFAULT_BASE_PORT,
    host,
    advertise: optional(parseAdvertised, "--advertise", flags.advertise),
    port: optional(parsePort, "--port", flags.port),
    ...lockOf(flags),
    dataDir: flags.data ?? null,
    repairRate: optional(parseRate, "--repair-rate", flags["repair-rate"]),
    verbose: flags.verbose === true,
    child: flags.child === true,
  };
}

/** @throws UsageError for what nobody can call */
function parseAdvertised(what: string, text: string): NonNullable<PeerOptions["advertise"]> {
  const advertised = parseHostMaybePort(what, text);
  if (!isEverywhere(advertised.host)) return advertised;
  throw new UsageError(`${what} is the one address that others call, and ${text} is none`);
}

/** One that listens on one family of addresses cannot speak to a peer behind the other. */
function loopbackFor(start: PeerStart): string {
  return start.kind === "enter" && ipFamily(start.host) === 6 ? LOOPBACK_6 : LOOPBACK;
}

/** What keeps strangers out: a key is never on a command line, which every user of the machine can see. */
function lockOf(flags: PeerFlags): Pick<PeerOptions, "insecure" | "key"> {
  const insecure = flags.insecure === true;
  const file = flags["key-file"];
  const given = process.env[KEY_VARIABLE] ?? "";
  if (insecure && (file !== undefined || given !== ""))
    throw new UsageError(
      `--insecure opens the ring to all, and --key-file or ${KEY_VARIABLE} closes it: give one`,
    );
  if (insecure || (file === undefined && given === "")) return { insecure, key: null };
  if (file === undefined) return { insecure, key: parseKey(given, KEY_VARIABLE) };
  const text = readSecret(file);
  if (text === null)
    throw new Failure(`There is no key file ${quote(file)}: p2p key new ${quote(file)} makes one.`);
  return { insecure, key: parseKey(text, `The key file ${quote(file)}`) };
}

function checkReach(start: PeerStart, host: string): void {
  if (start.kind === "enter" && !isLoopback(start.host) && isLoopback(host)) {
    throw new UsageError(
      `A ring at ${start.host} cannot reach a peer that listens on ${host}: add --host ADDRESS`,
    );
  }
}
