/**
 * The placements under way, by request and by name: whatever is heard of a version is looked up here, and
 * there may be many.
 */
import type { RequestId } from "./messages.ts";
import type { Placement } from "./work.ts";

const NONE: readonly Placement[] = Object.freeze([]);

export class Placements {
  readonly #requests = new Map<RequestId, Placement>();
  /** The oldest first. A list is replaced and never changed, so that it may be walked meanwhile. */
  readonly #names = new Map<string, readonly Placement[]>();

  get size(): number {
    return this.#requests.size;
  }

  has(request: RequestId): boolean {
    return this.#requests.has(request);
  }

  get(request: RequestId): Placement | undefined {
    return this.#requests.get(request);
  }

  /** All those of versions of a name. */
  of(name: string): readonly Placement[] {
    return this.#requests.size === 0 ? NONE : (this.#names.get(name) ?? NONE);
  }

  keys(): Iterable<RequestId> {
    return this.#requests.keys();
  }

  values(): Iterable<Placement> {
    return this.#requests.values();
  }

  /** Takes one in, in the place of any other of its request. */
  add(placement: Placement): void {
    this.delete(placement.request);
    this.#requests.set(placement.request, placement);
    const { name } = placement.record;
    this.#names.set(name, [...this.of(name), placement]);
  }

  delete(request: RequestId): boolean {
    const placement = this.#requests.get(request);
    if (placement === undefined) return false;
    const { name } = placement.record;
    const others = this.of(name).filter((p) => p !== placement);
    if (others.length === 0) this.#names.delete(name);
    else this.#names.set(name, others);
    return this.#requests.delete(request);
  }
}
