/** One that is only spoken of, and is being greeted: see membership/greeting.ts. */
import { fieldsOf, listOf, shared } from "./copying.ts";
import type { Address, Member } from "./member.ts";
import type { Routed, SuccessorChange } from "./messages.ts";

/** What is done once it has answered. */
export type Met =
  /** Another has said that it came in. */
  | { readonly kind: "hearsay"; readonly said: Member }
  /** It wants to come in here. */
  | { readonly kind: "join"; readonly routed: Routed; readonly joiner: Member }
  /** Another has let it in, behind this peer's first successor. */
  | { readonly kind: "change"; readonly by: Member; readonly change: SuccessorChange };

/** One that is being greeted. */
export type Greeting = {
  readonly id: number;
  readonly address: Address;
  readonly until: number;
  /** One of a kind at most. */
  readonly waiting: Met[];
};

/** How deep it changes. */
export const GREETING = fieldsOf<Greeting>({
  id: shared,
  address: shared,
  until: shared,
  waiting: listOf,
});
