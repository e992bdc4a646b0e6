/**
 * Where members are that are known by a host's name. Each dial looks the name up anew, so that a host that has got
 * another address is found as soon as its streams have broken; datagrams go where the latest dial has found it.
 */
import { boundTable } from "../protocol/model/bounded.ts";
import { ipFamily } from "../wire/address.ts";
import { resolveHost } from "./bind.ts";
import { NAMES_KEPT } from "./limits.ts";

export class Names {
  readonly #found = new Map<string, string>();

  /**
   * @param like an address of the family that is wanted, where a name has several
   * @param look looks a name up; throws Failure
   */
  constructor(
    private readonly like: string,
    private readonly look: typeof resolveHost = resolveHost,
  ) {}

  /** @returns the numeric address of a host, as far as it is known; null for a name that was not looked up */
  known(host: string): string | null {
    return ipFamily(host) === 0 ? (this.#found.get(host) ?? null) : host;
  }

  /** Looks a name up. @throws Failure that names the host */
  async find(host: string): Promise<string> {
    if (ipFamily(host) !== 0) return host;
    const found = await this.look(host, this.like);
    this.#found.delete(host);
    this.#found.set(host, found);
    boundTable(this.#found, NAMES_KEPT);
    return found;
  }
}
