/** All the addresses under which others may call this peer: in a closed ring it answers to none but these. */
import { networkInterfaces } from "node:os";
import type { Address } from "../protocol/model/member.ts";
import { resolveHost } from "../transport/bind.ts";
import { formatAddress, ipFamily, isEverywhere } from "../wire/address.ts";
import { OWN_ADDRESSES_MS } from "./limits.ts";
import type { PeerOptions } from "./options.ts";

export class AlsoKnown {
  readonly #options: Pick<PeerOptions, "host" | "advertise">;
  readonly #port: () => number;
  #known: readonly Address[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Where the advertised name leads. */
  #resolved: string | null = null;

  /** @param port at which it listens; 0 before that */
  constructor(options: Pick<PeerOptions, "host" | "advertise">, port: () => number) {
    this.#options = options;
    this.#port = port;
  }

  /** Those besides the one at which it listens. A machine's addresses change: they are looked up anew now and then. */
  addresses(): readonly Address[] {
    const now = performance.now();
    const port = this.#port();
    if (port === 0 || now - this.#lookedAt < OWN_ADDRESSES_MS) return this.#known;
    this.#lookedAt = now;
    const { host, advertise } = this.#options;
    const own = isEverywhere(host) ? ownHosts().map((each) => formatAddress(each, port)) : [];
    this.#known = [...own, ...this.#advertised()];
    if (advertise !== null && ipFamily(advertise.host) === 0) void this.#resolve(advertise.host);
    return this.#known;
  }

  #advertised(): Address[] {
    const { advertise } = this.#options;
    if (advertise === null) return [];
    const port = advertise.port ?? this.#port();
    const hosts = [advertise.host, ...(this.#resolved === null ? [] : [this.#resolved])];
    return hosts.map((host) => formatAddress(host, port));
  }

  async #resolve(name: string): Promise<void> {
    const found = await resolveHost(name).catch(() => null);
    if (found === null || found === this.#resolved) return;
    this.#resolved = found;
    this.#known = [...this.#known, ...this.#advertised()];
  }
}

function ownHosts(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
}
