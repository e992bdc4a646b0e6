/** What is typed at a ring's prompt, as values. Pure. */
import { nearest } from "../terminal/words.ts";

export type Typed =
  | { readonly kind: "nothing" | "status" | "help" | "quit" }
  /** What a peer is to do, without the peer. */
  | { readonly kind: "peerless"; readonly line: string }
  /** A line for a peer, as if typed at its own terminal. */
  | { readonly kind: "at"; readonly id: number; readonly line: string }
  | { readonly kind: "kill" | "stop" | "cont"; readonly ids: readonly number[] }
  /** `known` is null where any living peer will do. */
  | { readonly kind: "join"; readonly id: number; readonly known: number | null }
  | { readonly kind: "wrong"; readonly sentence: string };

/** @param words what can be typed at a peer of this ring */
export function helpOf(words: string): readonly string[] {
  return [
    `8 Store 2067     what follows a peer's id is typed at that peer: ${words}`,
    "kill 14          kill peer 14, or several at once: kill 9 14",
    "freeze 14        peer 14 stands still, and answers nobody (also: stop 14)",
    "thaw 14          let peer 14 go on (also: cont 14)",
    "join 15 4        start peer 15, which joins through peer 4",
    "start 14         start peer 14, new or again, through a living peer (also: add 14)",
    "status           what each peer knows, and which checks hold",
    "quit             stop all peers",
  ];
}

const WORDS = [
  ...(["kill", "stop", "cont", "freeze", "thaw", "join", "start", "add"] as const),
  ...(["status", "help", "quit"] as const),
];
/** What is typed at a peer, and often at the ring. */
const OF_A_PEER = ["store", "request", "remove", "where"];
const MAX_ID = 255;

/** Reads one line; case does not matter, nor do more blanks. */
export function parseTyped(line: string): Typed {
  const words = line.trim().split(/\s+/);
  const first = (words[0] ?? "").toLowerCase();
  const rest = words.slice(1);
  if (first === "") return { kind: "nothing" };
  if (/^\d+$/.test(first)) return typedAt(first, line);
  switch (first) {
    case "quit":
      if (rest.length > 0) return wrong("quit takes nothing after it: 8 Quit has peer 8 leave.");
      return { kind: "quit" };
    case "status":
    case "help":
      return rest.length === 0 ? { kind: first } : wrong(`${first} takes nothing after it.`);
    case "exit":
      return { kind: "quit" };
    case "kill":
    case "stop":
    case "cont":
      return typedIds(first, first, rest);
    case "freeze":
      return typedIds("stop", first, rest);
    case "thaw":
      return typedIds("cont", first, rest);
    case "join":
      return typedJoin(rest);
    case "start":
    case "add":
      return typedStart(first, rest);
    default:
      if (OF_A_PEER.includes(first)) return { kind: "peerless", line: line.trim() };
      return unknown(words[0] ?? "");
  }
}

function typedAt(first: string, line: string): Typed {
  const id = idOf(first);
  const command = line.trim().replace(/^\d+\s*/, "");
  if (id === null) return wrong(`${shown(first)} is no id of a peer: ids are 0 to ${MAX_ID}.`);
  if (command === "") return wrong(`Say what peer ${id} shall do, as in: ${id} Store 2067.`);
  return { kind: "at", id, line: command };
}

function typedIds(kind: "kill" | "stop" | "cont", word: string, rest: readonly string[]): Typed {
  const ids = rest.map(idOf);
  const good = ids.flatMap((id) => id ?? []);
  if (good.length === 0 || good.length < ids.length) {
    return wrong(`${word} takes the ids of peers, as in: ${word} 14.`);
  }
  return { kind, ids: [...new Set(good)] };
}

function typedJoin(rest: readonly string[]): Typed {
  const [id = null, known = null] = rest.map(idOf);
  if (rest.length !== 2 || id === null || known === null || id === known) {
    return wrong("join takes a new peer's id and another one that it knows, as in: join 15 4.");
  }
  return { kind: "join", id, known };
}

function typedStart(word: string, rest: readonly string[]): Typed {
  const [id = null] = rest.map(idOf);
  if (rest.length !== 1 || id === null)
    return wrong(`${word} takes a peer's id, as in: ${word} 14.`);
  return { kind: "join", id, known: null };
}

function unknown(word: string): Typed {
  const match = nearest(word.toLowerCase(), WORDS);
  const hint = match === null ? "type help for what there is." : `did you mean ${match}?`;
  return wrong(`There is no command ${shown(word)}; ${hint}`);
}

function wrong(sentence: string): Typed {
  return { kind: "wrong", sentence };
}

function idOf(text: string): number | null {
  const id = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  return id <= MAX_ID ? id : null;
}

/** In quotes, cut where it is long, and without anything that a terminal would obey. */
function shown(text: string): string {
  const safe = text.replace(/\p{C}/gu, "?");
  return JSON.stringify(safe.length <= 40 ? safe : `${safe.slice(0, 37)}...`);
}
