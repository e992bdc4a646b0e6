/**
 * Opening connections. Bun calls many failures of this very machine "refused" (no route, a neighbour
 * that does not resolve, no file descriptor left), and a refusal is a death sentence in this protocol:
 * so it is believed only after a second look. A connect also cannot be taken back, hence the counting
 * of those that had no answer.
 */
import { closeSync, openSync } from "node:fs";
import type { TCPSocketConnectOptions } from "bun";
import type { Unreachable } from "../protocol/model/io.ts";
import type { Address } from "../protocol/model/member.ts";
import { ipFamily, isLoopback, parseAddress } from "../wire/address.ts";
import type { Called } from "./calling.ts";
import { type Callbacks, type ConnectionHandler, drop, IGNORING, type Wire } from "./connection.ts";
import {
  DIAL_DEADLINE_MS,
  OPENING_DEADLINE_MS,
  QUICK_BREAKS,
  REFUSAL_WITHIN_MS,
  RENEW_MS,
  SILENCE_MS,
  UNANSWERED_AT_ONCE,
  UNANSWERED_HEARD,
  UNANSWERED_PER_ADDRESS,
  UNANSWERED_SPACING_MS,
  UNANSWERED_TOTAL,
} from "./limits.ts";
import type { Names } from "./names.ts";
import type { LockedOut } from "./types.ts";

export type DialerOptions = {
  readonly handlers: Callbacks;
  /** Where connections shall come from, so that a peer has one host; null for any. */
  readonly localHost: string | null;
  /** Where those are that are known by a name. */
  readonly names: Names;
  /** False where the system says at once that it knows no way there. */
  hasRoute(host: string, port: number): boolean;
  /** So much later a lab lets a dial begin: infinite where it is not answered. Left out: at once. */
  delayMs?(address: Address): number;
  /** Shows the key on a connection that has opened, in a closed ring; null in one that is open to all. */
  readonly call: ((socket: Wire, to: Address, done: (called: Called) => void) => Cancel) | null;
  /** A peer there does not let this one in. */
  lockedOut(address: Address, why: LockedOut): void;
  /** A connect that was given up has been answered after all: the address can be reached. */
  late(address: Address): void;
};

/** Takes back the interest in a dial: nothing is reported of it any more. */
export type Cancel = () => void;

/** Connects to one address that had no answer in time. */
type Unanswered = {
  count: number;
  /** So many more may begin at once; and when some were last allowed because it was heard. */
  free: number;
  renewedAt: number;
  heardAt: number;
  /** When the latest began. */
  lastAt: number;
};

export class Dialer {
  readonly #options: DialerOptions;
  readonly #unanswered = new Map<Address, Unanswered>();
  #total = 0;

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /**
   * Opens a connection; calls back once, within the deadline, never before it returns.
   * @param handler hears the connection from its opening on
   * @param answered called where the system there has answered, and the peer has yet to show its key
   */
  dial(
    address: Address,
    handler: ConnectionHandler,
    done: (result: Wire | Unreachable) => void,
    answered: () => void = () => {},
  ): Cancel {
    const startedAt = performance.now();
    let over = false;
    let connecting = false;
    let unanswered = false;
    let hangUp: Cancel | null = null;
    const settle = (result: Wire | Unreachable): void => {
      if (over) return;
      over = true;
      clearTimeout(deadline);
      done(result);
    };
    const late = (): void => {
      unanswered = connecting;
      if (unanswered) this.#count(address, startedAt);
      settle("timeout");
      hangUp?.();
    };
    let deadline = setTimeout(late, DIAL_DEADLINE_MS);
    const target = parseAddress(address);
    const delayMs = this.#options.delayMs?.(address) ?? 0;
    const isAnswered = delayMs < DIAL_DEADLINE_MS;
    if (target !== null && isAnswered && this.#mayConnect(address, startedAt)) {
      const begin = (socket: Wire): void => {
        socket.data = handler;
        settle(socket);
      };
      const opened = (socket: Wire, again: number): void => {
        socket.setNoDelay(true);
        if (over) {
          drop(socket);
          this.#options.late(address);
        } else if (this.#options.call === null) begin(socket);
        else {
          // The system has answered; the peer itself may be busy, and takes longer.
          clearTimeout(deadline);
          deadline = setTimeout(late, OPENING_DEADLINE_MS);
          answered();
          hangUp = this.#options.call(socket, address, (called) => {
            hangUp = null;
            if (over) {
              if ("socket" in called) drop(called.socket);
            } else if ("socket" in called) begin(called.socket);
            else refused(called.lockedOut, again);
          });
        }
      };
      const connect = (again: number): Promise<Wire> =>
        this.#connect(target, { ...IGNORING, opened: (socket) => opened(socket, again) }).catch(
          (error: unknown) => {
            if (over || again === 0 || codeOf(error) !== "ECONNRESET") throw error;
            return connect(again - 1);
          },
        );
      const refused = (why: LockedOut | null, again: number): void => {
        if ((why === null || why === "stranger") && again > 0) attempt(again - 1);
        else {
          if (why !== null) this.#options.lockedOut(address, why);
          settle("timeout");
        }
      };
      // A dying process takes a connection and resets it at once: the next one says what is the matter.
      const attempt = (again: number): void => {
        connecting = true;
        (delayMs === 0 ? connect(again) : Bun.sleep(delayMs).then(() => connect(again)))
          .catch((error: unknown) => {
            const tookMs = performance.now() - startedAt;
            if (!over) settle(this.#meaning(error, target, tookMs));
          })
          .finally(() => {
            connecting = false;
            if (unanswered) this.#uncount(address);
          });
      };
      attempt(QUICK_BREAKS);
    }
    return () => {
      over = true;
      hangUp?.();
      // It may yet have to be counted, but nothing waits for it any more.
      deadline.unref();
    };
  }

  /**
   * An address was heard from. After a silence it may be dialled as one that is new; one that is heard all
   * the time, and does not answer dials, now and then.
   */
  heard(address: Address, now: number): void {
    const known = this.#unanswered.get(address);
    if (known === undefined) return;
    const silent = now - known.heardAt > SILENCE_MS;
    known.heardAt = now;
    if (known.count >= UNANSWERED_HEARD) return;
    if (!silent && now - known.renewedAt < RENEW_MS) return;
    known.renewedAt = now;
    known.free = silent ? UNANSWERED_AT_ONCE : Math.max(known.free, 1);
  }

  async #connect(target: { host: string; port: number }, data: ConnectionHandler): Promise<Wire> {
    const { handlers, localHost, names } = this.#options;
    const known = ipFamily(target.host) !== 0;
    const hostname = known ? target.host : await names.find(target.host);
    const options: TCPSocketConnectOptions<ConnectionHandler> & { localAddress?: string } = {
      hostname,
      port: target.port,
      data,
      socket: handlers,
    };
    if (localHost !== null && !comesFrom(localHost, hostname)) options.localAddress = localHost;
    return Bun.connect(options);
  }

  /** Says whether another connect may begin: not while many have had no answer, or would fail here. */
  #mayConnect(address: Address, now: number): boolean {
    const known = this.#unanswered.get(address);
    if (known === undefined) return this.#total < UNANSWERED_TOTAL && hasDescriptor();
    const due = known.free > 0 || now - known.lastAt >= UNANSWERED_SPACING_MS;
    const few = known.count < UNANSWERED_PER_ADDRESS && this.#total < UNANSWERED_TOTAL;
    // Without a free descriptor the connect would fail as "refused".
    return due && few && hasDescriptor();
  }

  /** A connect has had no answer in time, and cannot be taken back. */
  #count(address: Address, startedAt: number): void {
    const known = this.#unanswered.get(address) ?? newly();
    known.count += 1;
    known.free = Math.max(0, known.free - 1);
    known.lastAt = startedAt;
    this.#unanswered.set(address, known);
    this.#total++;
  }

  /** It has ended after all. */
  #uncount(address: Address): void {
    this.#total--;
    const known = this.#unanswered.get(address);
    if (known !== undefined && known.count > 1) known.count--;
    else this.#unanswered.delete(address);
  }

  #meaning(error: unknown, target: { host: string; port: number }, tookMs: number): Unreachable {
    if (codeOf(error) !== "ECONNREFUSED") return "timeout";
    const host = this.#options.names.known(target.host);
    if (host !== null && isLoopback(host)) return "refused";
    if (tookMs > REFUSAL_WITHIN_MS || host === null) return "timeout";
    return this.#options.hasRoute(host, target.port) ? "refused" : "timeout";
  }
}

function newly(): Unanswered {
  const never = Number.NEGATIVE_INFINITY;
  return { count: 0, free: UNANSWERED_AT_ONCE, renewedAt: never, heardAt: never, lastAt: never };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function hasDescriptor(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch {
    return false;
  }
}

/**
 * True where a connection comes from an address without being bound to it. A bound one takes a port that no
 * other has, and where thousands of them are in use the system looks for one for longer than all else takes.
 */
function comesFrom(localHost: string, host: string): boolean {
  return host === localHost && (host === "127.0.0.1" || host === "::1");
}
