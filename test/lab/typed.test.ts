import { expect, test } from "bun:test";
import { parseTyped, type Typed } from "../../src/lab/typed.ts";

const GOOD: readonly [string, Typed][] = [
  ["", { kind: "nothing" }],
  ["  \t ", { kind: "nothing" }],
  ["8 Store 2067", { kind: "at", id: 8, line: "Store 2067" }],
  ["  255   rEQUEST   2067 ", { kind: "at", id: 255, line: "rEQUEST   2067" }],
  ["0 Quit", { kind: "at", id: 0, line: "Quit" }],
  ["kill 14", { kind: "kill", ids: [14] }],
  ["KILL 9 14 9", { kind: "kill", ids: [9, 14] }],
  ["stop 14", { kind: "stop", ids: [14] }],
  ["Cont 14", { kind: "cont", ids: [14] }],
  ["join 15 4", { kind: "join", id: 15, known: 4 }],
  ["freeze 14", { kind: "stop", ids: [14] }],
  ["thaw 14", { kind: "cont", ids: [14] }],
  ["add 15", { kind: "join", id: 15, known: null }],
  [" store 2067", { kind: "peerless", line: "store 2067" }],
  ["start 14", { kind: "join", id: 14, known: null }],
  ["Status", { kind: "status" }],
  ["help", { kind: "help" }],
  ["quit", { kind: "quit" }],
  ["exit", { kind: "quit" }],
];

test.each(GOOD)("%p", (line, typed) => {
  expect(parseTyped(line)).toEqual(typed);
});

test.each([
  ["kil 14", 'There is no command "kil"; did you mean kill?'],
  ["statsu", 'There is no command "statsu"; did you mean status?'],
  ["jion 15 4", 'There is no command "jion"; did you mean join?'],
  ["xyzzy", 'There is no command "xyzzy"; type help for what there is.'],
  ["\u001b[31m", 'There is no command "?[31m"; type help for what there is.'],
  ["kill", "kill takes the ids of peers, as in: kill 14."],
  ["kill x", "kill takes the ids of peers, as in: kill 14."],
  ["kill 14 -1", "kill takes the ids of peers, as in: kill 14."],
  ["stop 256", "stop takes the ids of peers, as in: stop 14."],
  ["256 Quit", '"256" is no id of a peer: ids are 0 to 255.'],
  ["8", "Say what peer 8 shall do, as in: 8 Store 2067."],
  ["join 15", "join takes a new peer's id and another one that it knows, as in: join 15 4."],
  ["join 4 4", "join takes a new peer's id and another one that it knows, as in: join 15 4."],
  ["start", "start takes a peer's id, as in: start 14."],
  ["quit 8", "quit takes nothing after it: 8 Quit has peer 8 leave."],
  ["freeze", "freeze takes the ids of peers, as in: freeze 14."],
  ["status 8", "status takes nothing after it."],
])("%p is refused in a sentence", (line, sentence) => {
  expect(parseTyped(line)).toEqual({ kind: "wrong", sentence });
});

test("a flood is one short sentence", () => {
  const typed = parseTyped("x".repeat(100_000));
  expect(typed.kind).toBe("wrong");
  expect(typed.kind === "wrong" ? typed.sentence.length : 0).toBeLessThan(120);
});
