import { describe, expect, test } from "bun:test";
import { isIP } from "node:net";
import {
  formatAddress,
  ipFamily,
  isHost,
  isIpv4,
  isLoopback,
  parseAddress,
} from "../../src/wire/address.ts";
import { randomFrom } from "./random.ts";

describe("addresses", () => {
  test.each<[string, string, number]>([
    ["127.0.0.1:12008", "127.0.0.1", 12_008],
    ["[::1]:12008", "::1", 12_008],
    ["[fe80::1%eth0]:1", "fe80::1%eth0", 1],
    ["peer.example:65535", "peer.example", 65_535],
  ])("%s", (address, host, port) => {
    expect(parseAddress(address)).toEqual({ host, port });
    expect(formatAddress(host, port)).toBe(address);
  });

  test.each([
    "",
    "127.0.0.1",
    ":1",
    "::1:12008",
    "a:0",
    "a:65536",
    "a:01",
    "a b:1",
    "[a:1",
    "a:1\n",
  ])("%j is none", (address) => {
    expect(parseAddress(address)).toBeNull();
  });

  test("IPv4 in its shortest form", () => {
    for (const host of ["0.0.0.0", "127.0.0.1", "100.10.255.249"]) expect(isIpv4(host)).toBe(true);
    for (const host of ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.4."]) {
      expect(isIpv4(host)).toBe(false);
    }
  });
});

test.each(["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"])("%s is loopback", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example", "128.0.0.1"])(
  "%s is not loopback",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);

test("a host is of the family that the system says", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const next = randomFrom(seed);
  const random = (below: number): number => Math.floor(next() * below);
  const pieces = [
    "0",
    "7",
    "fe80",
    "ffff",
    "12345",
    "g",
    ":",
    "::",
    ".",
    "10.0.0.1",
    "256",
    "%eth0",
    "]",
    "/",
    "@",
  ];
  const hosts = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 1 + random(9) }, () => pieces[random(pieces.length)]).join(""),
  );
  const listed = [
    "::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "1:2:3:4:5:6:7:8",
    "127.0.0.1",
    "localhost",
  ];
  for (const host of [...listed, ...hosts]) {
    if (isHost(host)) expect<[string, number]>([host, ipFamily(host)]).toEqual([host, isIP(host)]);
  }
});
