/** Questions "which ring are you of?" that wait for their answer. */
import { Failure } from "../protocol/model/failure.ts";
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address, Member } from "../protocol/model/member.ts";
import type { Introduction, RequestId } from "../protocol/model/messages.ts";
import type { Introduced } from "./types.ts";

type Pending = {
  readonly address: Address;
  settle(result: Introduced | Failure): void;
};

export class Introductions {
  readonly #pending = new Map<RequestId, Pending>();

  /**
   * Asks once and waits.
   * @param ask sends the question under this id
   * @throws Failure that names the address
   */
  ask(address: Address, deadlineMs: number, ask: (id: RequestId) => void): Promise<Introduced> {
    const id = randomId();
    return new Promise((resolve, reject) => {
      const settle = (result: Introduced | Failure): void => {
        clearTimeout(deadline);
        this.#pending.delete(id);
        if (result instanceof Failure) reject(result);
        else resolve(result);
      };
      const deadline = setTimeout(() => settle(silent(address)), deadlineMs);
      this.#pending.set(id, { address, settle });
      ask(id);
    });
  }

  awaits(id: RequestId): boolean {
    return this.#pending.has(id);
  }

  answer(ring: number, from: Member, introduction: Introduction): void {
    this.#pending.get(introduction.request)?.settle({ ring, from, introduction });
  }

  unreachable(address: Address, how: Unreachable): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.address !== address) continue;
      pending.settle(how === "refused" ? absent(address) : silent(address));
    }
  }

  close(): void {
    for (const pending of [...this.#pending.values()]) pending.settle(silent(pending.address));
  }
}

function absent(address: Address): Failure {
  return new Failure(`Nobody listens at ${address}: start that peer first, or name another.`);
}

function silent(address: Address): Failure {
  return new Failure(`No answer from ${address}: check that it runs and can be reached from here.`);
}

/** 48 random bits. */
function randomId(): RequestId {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0xffff) * 2 ** 32 + low;
}
