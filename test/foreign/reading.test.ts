import { describe, expect, test } from "bun:test";
import {
  LENIENT,
  looksLikePrompt,
  nearestLine,
  STRICT,
  visible,
} from "../../src/foreign/reading.ts";
import { CRITERIA, RUBRIC } from "../../src/mark/rubric.ts";

const LINE = "Ping response received from Peer 4";

describe("a lenient reading", () => {
  test.each([
    ["case", "PING response Received from peer 4"],
    ["a full stop", `${LINE}.`],
    ["full stops", `${LINE} ...`],
    ["a prompt", `> ${LINE}`],
    ["a prompt that was drawn twice", `> > ${LINE}`],
    ["a shell's prompt", `$ ${LINE}`],
    ["the program's own prompt", `Enter a command: ${LINE}`],
    ["spaces", `  Ping  response received from\tPeer 4 `],
  ])("ignores %s", (_, line) => {
    const prompts = ["Enter a command: "];
    expect(LENIENT.key(line, prompts)).toBe(LENIENT.key(LINE));
    expect(STRICT.key(line, prompts)).not.toBe(STRICT.key(LINE));
  });

  test.each([
    ["a word", "Ping response got from Peer 4"],
    ["a number", "Ping response received from Peer 5"],
    ["a label", `peer 8: ${LINE}`],
    ["more behind it", `${LINE}: ok`],
  ])("minds %s", (_, line) => {
    expect(LENIENT.key(line)).not.toBe(LENIENT.key(LINE));
  });
});

test("lines that ran together are read as the lines that they are", () => {
  const all = CRITERIA.flatMap((name) => RUBRIC[name].items)
    .filter(({ kind }) => kind === "line")
    .map(({ what }) => what);
  for (const line of all) {
    expect(LENIENT.parts(line)).toEqual([line]);
    expect(LENIENT.parts(`${LINE}${line}`)).toEqual([LINE, line]);
    expect(LENIENT.parts(`> ${LINE}.> ${line}`)).toEqual([`> ${LINE}.`, `> ${line}`]);
    expect(STRICT.parts(`${LINE}${line}`)).toEqual([`${LINE}${line}`]);
  }
});

test("what a terminal obeys is not seen", () => {
  expect(visible(`\x1b]0;title\x07\x1b[1;32m${LINE}\x1b[0m\x1b[K`)).toBe(LINE);
});

test("a prompt ends as prompts do", () => {
  for (const text of ["> ", "8>", "Command: ", "$ ", "[p2p] "]) {
    expect(looksLikePrompt(text)).toBe(true);
  }
  expect(looksLikePrompt(LINE)).toBe(false);
});

test("the nearest line is the one with the fewest other letters, and none where none is like it", () => {
  const said = [
    "Ping requests sent to Peers 4 and 5",
    "Ping response received from peer four",
    "My new first successor is Peer 4",
  ].map((text) => ({ text }));
  expect(nearestLine(LINE, said)?.text).toBe("Ping response received from peer four");
  expect(nearestLine("Store 2067 request accepted", said)).toBeNull();
  expect(nearestLine(LINE, [])).toBeNull();
});
