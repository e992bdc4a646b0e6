/** What everything that moves needs of the world. */
import type { Input } from "../protocol/model/io.ts";
import type { Address } from "../protocol/model/member.ts";
import type { Host } from "./host.ts";
import type { Network } from "./network.ts";
import type { EventQueue } from "./queue.ts";
import type { RandomGenerator } from "./random-generator.ts";

export type MessageInput = Extract<Input, { type: "message" }>;

export type SimServices = {
  readonly now: number;
  readonly hosts: ReadonlyMap<Address, Host>;
  readonly network: Network;
  readonly queue: EventQueue;
  readonly generator: RandomGenerator;
  /** The host that has an address now. */
  at(address: Address): Host | undefined;
  /** True of an address that a machine has left: nothing there answers. */
  isLeft(address: Address): boolean;
  /** The address from which a host's packets come at another one. */
  sourceOf(host: Host, to: Address): Address;
  /** Gives an input at once; its time is set there. */
  give(host: Host, input: Input): void;
};
