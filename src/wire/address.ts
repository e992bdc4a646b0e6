/** Addresses as text ("127.0.0.1:12008", "[::1]:12008") and as a host and a port. */
import type { Address } from "../protocol/model/member.ts";

/** A name, an IPv4 address or an IPv6 address, its zone included: nothing that could confuse a line. */
const HOST = /^[0-9A-Za-z._:%-]{1,255}$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** @returns the parts of an address, or null where it is none */
export function parseAddress(address: Address): { host: string; port: number } | null {
  const parts = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([1-9]\d{0,4})$/.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || !isHost(host) || !(port <= 65_535)) return null;
  return { host: plainHost(host), port };
}

/**
 * Writes an address. An IPv4 address that a socket shows in IPv6 form is given as what it is, so that
 * one peer has one address.
 */
export function formatAddress(host: string, port: number): Address {
  const plain = plainHost(host);
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** @returns "10.0.0.1" for "::ffff:10.0.0.1", and any other host as it is */
export function plainHost(host: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host);
  return mapped?.[1] ?? host;
}

/** True of text that can stand as a host. */
export function isHost(host: string): boolean {
  return HOST.test(host);
}

/** True of four numbers in their shortest form, "127.0.0.1". */
export function isIpv4(host: string): boolean {
  return IPV4.test(host);
}

/** @returns 4 or 6 for an address of that family, a zone ("%eth0") included, and 0 for a name */
export function ipFamily(host: string): 0 | 4 | 6 {
  if (isIpv4(host)) return 4;
  if (!host.includes(":")) return 0;
  const [, bare] = /^([\da-f:.]*(?:[\da-f]|::))(?:%[0-9a-z.:-]+)?$/i.exec(host) ?? [];
  return bare !== undefined && URL.canParse(`http://[${bare}]/`) ? 6 : 0;
}

/** True of a host that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return /^(localhost\.?|127(\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1)$/i.test(host);
}

/** True of a host that stands for every address of a machine. */
export function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
