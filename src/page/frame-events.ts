/** The last events as lines: when, whose, and what, the newest at the bottom. Pure. */

import type { Account, AccountKind } from "./account-form.ts";
import { type FrameLine, type Style, wrapTo } from "./canvas.ts";
import { clockAt } from "./explain.ts";
import type { Moment } from "./ring-timeline.ts";

/** A sign and a style for each kind. */
const KINDS: Readonly<Record<AccountKind, readonly [sign: string, style: Style]>> = {
  deed: ["!", "strong"],
  doubt: ["?", "doubt"],
  death: ["✕", "dead"],
  leave: ["○", "dim"],
  arrow: ["→", "arrow"],
  join: ["+", "alive"],
  hop: ["»", "hop"],
  copy: ["■", "copy"],
  end: ["✓", "strong"],
};

const TIME_WIDTH = 10;
const PEER_WIDTH = 4;
/** Later than that after what was done, the time is that of the ring. */
const NEAR_MS = 30_000;

/** @returns so many lines at most; the last event's are marked */
export function eventLines({ accounts, state }: Moment, width: number, rows: number): FrameLine[] {
  const lines: FrameLine[] = [];
  for (let index = accounts.length - 1; index >= 0 && lines.length < rows; index--) {
    const account = accounts[index];
    if (account === undefined) break;
    const time = timeOf(account, accounts, index, state.beganAt);
    lines.unshift(...accountLines(account, time, width, index === accounts.length - 1));
  }
  return rows < 1 ? [] : lines.slice(-rows);
}

/** Since the last deed, so that what came of it can be told in milliseconds; of a deed since the start. */
function timeOf(
  { at, kind }: Account,
  accounts: readonly Account[],
  index: number,
  beganAt: number,
): string {
  const deed = kind === "deed" ? undefined : lastDeed(accounts, index);
  if (deed === undefined || at - deed > NEAR_MS) return clockAt(Math.max(0, at - beganAt));
  return `+${(at - deed).toFixed(1)} ms`;
}

function lastDeed(accounts: readonly Account[], from: number): number | undefined {
  for (let index = from; index >= 0; index--) {
    const account = accounts[index];
    if (account?.kind === "deed") return account.at;
  }
  return undefined;
}

function accountLines(
  { peer, kind, text }: Account,
  time: string,
  width: number,
  isLast: boolean,
): FrameLine[] {
  const [sign, style] = KINDS[kind];
  const who = peer === null ? "" : String(peer);
  const indent = TIME_WIDTH + 3 + (peer === null ? 0 : PEER_WIDTH);
  const [first = "", ...rest] = wrapTo(text, Math.max(8, width - indent));
  return [
    [
      { text: `${time.padStart(TIME_WIDTH)} `, style: "dim" },
      { text: `${sign} `, style },
      { text: peer === null ? "" : who.padEnd(PEER_WIDTH), style: "strong" },
      { text: first, style: isLast ? "now" : style },
    ],
    ...rest.map(
      (line): FrameLine => [
        { text: " ".repeat(indent), style: "plain" },
        { text: line, style: isLast ? "now" : style },
      ],
    ),
  ];
}
