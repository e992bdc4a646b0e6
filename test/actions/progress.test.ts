import { expect, test } from "bun:test";
import { progressLine, type Screen, withProgress } from "../../src/actions/progress.ts";

function screen(isTTY: boolean): Screen & { readonly written: string[] } {
  const written: string[] = [];
  return { isTTY, columns: 40, written, write: (text) => void written.push(text) };
}

test("a line of progress says how much of how much", () => {
  const at = { bytes: 540_000_000, size: 1_200_000_000 };
  expect(progressLine("storing film.mkv", at, 3_200)).toBe(
    "storing film.mkv: 45 %, 540 MB of 1.2 GB, 3.2 s",
  );
  expect(progressLine("storing film.mkv", { ...at, doing: "reading" }, 3_200)).toBe(
    "storing film.mkv: reading it, 45 %, 540 MB of 1.2 GB, 3.2 s",
  );
  expect(progressLine("storing a", { bytes: 5, size: null }, 2_000)).toBe("storing a: 5 B, 2 s");
  expect(progressLine("storing a", { bytes: null, size: null }, 2_000)).toBe("storing a: 2 s");
});

test("work that takes long shows how far it is, and clears the line; where there is no terminal it shows nothing", async () => {
  const [shown, hidden] = [screen(true), screen(false)];
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const write = shown.write;
  shown.write = (text) => {
    write(text);
    resolve();
  };
  const ask = async () => ({ bytes: 1, size: 2 });
  expect(await withProgress("working", ask, () => seen.then(() => 7), shown)).toBe(7);
  expect(shown.written[0]).toStartWith("\r\x1b[Kworking: 50 %, 1 B of 2 B, ");
  expect(shown.written.at(-1)).toBe("\r\x1b[K");
  expect(await withProgress("working", ask, async () => 8, hidden)).toBe(8);
  expect(hidden.written).toEqual([]);
});

test("a question that fails is no failure of the work", async () => {
  const shown = screen(true);
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const ask = async () => {
    resolve();
    throw new Error("no answer");
  };
  await withProgress("working", ask, () => asked, shown);
  await expect(
    withProgress("working", ask, () => Promise.reject(new Error("the work")), shown),
  ).rejects.toThrow("the work");
});
