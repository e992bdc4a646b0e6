/**
 * Hosts on one machine: a network namespace each, with a cable to a switch. The switch lies in a namespace
 * of its own and has several bridges: cables on different bridges do not reach each other, and nobody is
 * told so, as when the line between two sites is cut.
 */
import { existsSync } from "node:fs";
import { atEnd } from "../support/reap.ts";
import { ip, namespaces, nft, processesIn, run } from "./ip.ts";

/** Addresses 10.0.0.1 and on; a host that moves gets one from here on. */
const FIRST_NEW_ADDRESS = 100;
/** Where packets that come in are asked about before the host takes them for its own. */
const BEFORE_LOCAL = 5;

let networks = 0;

export type Host = { readonly namespace: string; readonly address: string };

export class Network {
  readonly #name = `p2p-${process.pid}-${networks++}`;
  readonly #switch = `${this.#name}-switch`;
  readonly #addresses: string[];
  readonly #closed: () => void;
  #moves = 0;

  /** @param size hosts, all of which reach each other */
  constructor(size: number) {
    removeLeftOver();
    this.#closed = atEnd(() => this.#remove());
    this.#addresses = Array.from({ length: size }, (_, i) => `10.0.0.${i + 1}`);
    ip(
      null,
      [this.#switch, ...this.#numbers.map(this.#namespace)].map((n) => `netns add ${n}`),
    );
    // As many bridges as there can be parts.
    ip(
      this.#switch,
      this.#numbers.flatMap((n) => [`link add b${n} type bridge`, `link set b${n} up`]),
    );
    ip(
      null,
      this.#numbers.map((n) => this.#cable(n)),
    );
    for (const n of this.#numbers) {
      const rules = ["rule add pref 10 lookup local", "rule del pref 0"];
      ip(this.#namespace(n), [...rules, "link set lo up", "link set eth0 up"]);
      ip(this.#namespace(n), this.#addressing(n));
    }
    this.join();
  }

  get #numbers(): number[] {
    return [...this.#addresses.keys()];
  }

  host(n: number): Host {
    return { namespace: this.#namespace(n), address: this.#addresses[n] ?? "" };
  }

  /** Hosts of different groups hear nothing of each other from now on. */
  part(groups: readonly (readonly number[])[]): void {
    ip(
      this.#switch,
      groups.flatMap((group, bridge) => group.map((n) => `link set v${n} master b${bridge}`)),
    );
  }

  /** Puts all cables together again. */
  join(): void {
    ip(
      this.#switch,
      this.#numbers.flatMap((n) => [`link set v${n} master b0`, `link set v${n} up`]),
    );
  }

  /** No datagram comes in at these hosts. */
  blockUdp(hosts: readonly number[]): void {
    for (const n of hosts) {
      ip(this.#namespace(n), [`rule add pref ${BEFORE_LOCAL} iif eth0 ipproto udp blackhole`]);
    }
  }

  allowUdp(hosts: readonly number[]): void {
    for (const n of hosts) ip(this.#namespace(n), [`rule del pref ${BEFORE_LOCAL}`]);
  }

  /** So many in a thousand packets of TCP, in and out, break their connection; below 1,000. Needs `nft`. */
  resetTcp(perMille: number): void {
    const chain = (hook: string) =>
      `chain ${hook} {
        type filter hook ${hook} priority 0; policy accept;
        tcp flags & rst == 0 numgen random mod 1000 < ${perMille} reject with tcp reset
      }`;
    const rules = `table inet resets {\n${chain("input")}\n${chain("output")}\n}\n`;
    for (const n of this.#numbers) nft(this.#namespace(n), rules);
  }

  allowTcp(): void {
    for (const n of this.#numbers) nft(this.#namespace(n), "delete table inet resets\n");
  }

  /** So many in a thousand packets are lost on the way to a host, and none on the way from it. Needs `nft`. */
  lose(n: number, perMille: number): void {
    const rules = `table inet losses {
      chain input {
        type filter hook input priority 0; policy accept;
        iifname "eth0" numgen random mod 1000 < ${perMille} drop
      }
    }
`;
    nft(this.#namespace(n), rules);
  }

  loseNone(n: number): void {
    nft(this.#namespace(n), "delete table inet losses\n");
  }

  /** The longest packet that the lines carry, in bytes; 1,500 at first. */
  narrow(bytes: number): void {
    for (const n of this.#numbers) ip(this.#namespace(n), [`link set eth0 mtu ${bytes}`]);
  }

  /** The host has another address, and none of its old one any more. */
  move(n: number): void {
    const old = this.#addresses[n];
    this.#addresses[n] = `10.0.0.${FIRST_NEW_ADDRESS + this.#moves++}`;
    ip(this.#namespace(n), [`addr del ${old}/24 dev eth0`, ...this.#addressing(n)]);
    for (const other of this.#numbers) {
      if (other !== n) ip(this.#namespace(other), [this.#neighbour(n)]);
    }
  }

  /** Removes all hosts. What still runs there is not ended: that is for the one who started it. */
  close(): void {
    this.#closed();
    this.#remove();
  }

  #remove(): void {
    for (const name of namespaces().filter((n) => n.startsWith(`${this.#name}-`))) {
      ip(null, [`netns del ${name}`]);
    }
  }

  readonly #namespace = (n: number): string => `${this.#name}-host${n}`;

  #cable(n: number): string {
    const there = `name eth0 address ${processFileOf(n)} netns ${this.#namespace(n)}`;
    return `link add v${n} netns ${this.#switch} type veth peer ${there}`;
  }

  #addressing(n: number): string[] {
    const others = this.#numbers.filter((other) => other !== n);
    return [
      `addr add ${this.#addresses[n]}/24 dev eth0`,
      ...others.map((other) => this.#neighbour(other)),
    ];
  }

  /** With its process file known, a host that cannot be reached is silent, as behind a router, not "unreachable". */
  #neighbour(n: number): string {
    return `neigh replace ${this.#addresses[n]} lladdr ${processFileOf(n)} dev eth0 nud permanent`;
  }
}

/** The hardware address of a host. */
function processFileOf(n: number): string {
  return `02:00:00:00:00:${(n + 1).toString(16).padStart(2, "0")}`;
}

/** Removes the hosts of test runs that have died, and ends what runs there. */
function removeLeftOver(): void {
  for (const name of namespaces()) {
    const pid = /^p2p-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      for (const left of processesIn(name)) process.kill(left, "SIGKILL");
      run(["ip", "netns", "del", name]);
    } catch {
      // Another test run sweeps at the same time.
    }
  }
}
