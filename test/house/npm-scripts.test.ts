import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scripts } from "../../package.json";

const ROOT = join(import.meta.dir, "../..");
const WHERE = ["*.md", "docs/*.md", "package.json", ".ci/run", ".github/**/*", "scripts/hooks/*"];

/** The names of a package's scripts that a text has npm run. */
function runIn(text: string): string[] {
  return [...text.matchAll(/\bnpm run (?:--?[\w-]+ )*([a-z]+)/g)].map(([, name]) => name ?? "");
}

test("every `npm run` of documents, workflows and hooks is there to be run", () => {
  const files = WHERE.flatMap((glob) => [...new Bun.Glob(glob).scanSync({ cwd: ROOT, dot: true })]);
  for (const file of ["CONTRIBUTING.md", ".github/workflows/check.yml", "scripts/hooks/pre-commit"])
    expect(files).toContain(file);
  const unknown = files.flatMap((file) =>
    runIn(readFileSync(join(ROOT, file), "utf8"))
      .filter((name) => !Object.hasOwn(scripts, name))
      .map((name) => `${file}: npm run ${name}`),
  );
  expect(unknown).toEqual([]);
});

test("what is run is found behind options, too", () => {
  expect(runIn("npm run types && npm run --silent lint; npm test; npm runs x")).toEqual([
    "types",
    "lint",
  ]);
});
