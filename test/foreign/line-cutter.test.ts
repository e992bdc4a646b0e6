import { expect, test } from "bun:test";
import { MAX_LINE_CHARS, STANDING_MS } from "../../src/foreign/limits.ts";
import { LineCutter } from "../../src/foreign/line-cutter.ts";

function cutter() {
  const lines: string[] = [];
  const cut = new LineCutter((line) => lines.push(line));
  return { lines, cut, add: (text: string) => cut.add(new TextEncoder().encode(text)) };
}

test("lines are cut at each kind of end, wherever the pieces are", () => {
  const { lines, cut, add } = cutter();
  for (const letter of "one\ntwo\r\nthree\rf\u00fcnf\n\n") add(letter);
  add("six");
  cut.end();
  expect(lines).toEqual(["one", "two", "three", "f\u00fcnf", "six"]);
});

test("what stands without its end is a prompt, or a line", async () => {
  const { lines, cut, add } = cutter();
  add("Enter a command: ");
  await Bun.sleep(STANDING_MS * 2);
  expect(cut.prompts).toEqual(["Enter a command: "]);
  add("The file has been sent");
  await Bun.sleep(STANDING_MS * 2);
  expect(lines).toEqual(["Enter a command: The file has been sent"]);
});

test("a line without end comes in pieces", () => {
  const { lines, cut, add } = cutter();
  add("x".repeat(3 * MAX_LINE_CHARS + 1));
  cut.end();
  expect(lines.map(({ length }) => length)).toEqual([...Array(3).fill(MAX_LINE_CHARS), 1]);
});
