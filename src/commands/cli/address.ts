import { quote } from "../../terminal/words.ts";
import { ipFamily, plainHost } from "../../wire/address.ts";
import { UsageError } from "./errors.ts";
import { parsePort } from "./values.ts";

/** Where a peer listens. */
export type HostPort = { readonly host: string; readonly port: number };

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?$/i;

/** An IPv4 or IPv6 address (in brackets or bare), or a host name; an IPv6 address in the form that all systems show. */
export function parseHost(what: string, text: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (ipFamily(bare) === 6) return shownIpv6(bare);
  // All digits and dots, and yet no address: a slip, not a name.
  if (ipFamily(text) !== 0 || (NAME.test(text) && !/^[\d.]+$/.test(text))) return text;
  throw new UsageError(`${what} must be an address or a host name, not ${quote(text)}`);
}

/** One peer has one address, however it is typed: 2001:DB8:0::7 is 2001:db8::7 (RFC 5952). */
function shownIpv6(host: string): string {
  const isPlain = /^[\da-f:]+$/i.test(host);
  return isPlain ? new URL(`http://[${host}]/`).hostname.slice(1, -1) : plainHost(host);
}

/** A host, or a host and a port as `parseHostPort` reads them. The port is null where none is given. */
export function parseHostMaybePort(
  what: string,
  text: string,
): { readonly host: string; readonly port: number | null } {
  const isHostAlone = !text.includes(":") || ipFamily(text.replace(/^\[(.*)\]$/, "$1")) === 6;
  return isHostAlone ? { host: parseHost(what, text), port: null } : parseHostPort(what, text);
}

/** `192.0.2.7:12256`, `[2001:db8::7]:12256` or `name:12256`. */
export function parseHostPort(what: string, text: string): HostPort {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon);
  // An IPv6 address without brackets would lose its last group to the port.
  if (colon < 1 || (host.includes(":") && !host.startsWith("["))) {
    throw new UsageError(`${what} must look like 192.0.2.7:12256, not ${quote(text)}`);
  }
  return {
    host: parseHost(`The host in ${what}`, host),
    port: parsePort(`The port in ${what}`, text.slice(colon + 1)),
  };
}
