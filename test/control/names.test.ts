import { expect, test } from "bun:test";
import { nameOfPath, pathOfName } from "../../src/control/names.ts";

test("a name travels in a path", () => {
  for (const name of ["a b", "%", "ä/ö", "a?b"]) {
    for (const room of ["files", "where", "progress"] as const) {
      expect(nameOfPath(pathOfName(name, room), room)).toBe(name);
    }
    expect(nameOfPath(pathOfName(name, "where"), "files")).toBeNull();
  }
});
