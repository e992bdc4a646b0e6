/** Where the members of a view are. */
import type { Address } from "../protocol/model/member.ts";
import type { View } from "../protocol/model/view.ts";

/** Worked out once for each view. */
export class Addresses {
  #view: View | null = null;
  #addresses: ReadonlySet<Address> = new Set();

  of(view: View): ReadonlySet<Address> {
    if (this.#view !== view) this.#addresses = new Set(view.members.map(({ address }) => address));
    this.#view = view;
    return this.#addresses;
  }
}
