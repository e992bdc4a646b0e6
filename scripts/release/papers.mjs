// What goes with a release beside the programs: the licences of all that is inside, and the list of it (SBOM).
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError, root, run } from "../toolchain.mjs";
import { bunVersion } from "./targets.mjs";

/** @returns {string} the licence of each library inside, then the runtime's */
export function thirdParty() {
  const parts = libraries().map(
    ({ name, version, path }) => `${name} ${version}\n\n${licenceAt(path).trim()}\n`,
  );
  const bun = readFileSync(join(root, "scripts", "release", "bun-licences.txt"), "utf8");
  const head = "What is inside p2p beside its own source, and on what terms.\n";
  return [head, ...parts, `Bun ${bunVersion()}\n\n${bun}`].join(`\n${"-".repeat(72)}\n\n`);
}

/** Those that are compiled into the program, and those that they need, by the lock file. */
function libraries() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages).flatMap(([path, { version, dev, devOptional }]) =>
    path === "" || dev || devOptional
      ? []
      : [{ name: path.split("node_modules/").at(-1), version, path }],
  );
}

function licenceAt(path) {
  const folder = join(root, path);
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.|$)/i.test(each));
  if (file === undefined) throw new BuildError(`${path} has no licence to go with it`);
  return readFileSync(join(folder, file), "utf8");
}

/**
 * The software bill of materials, as npm makes it of the lock file (CycloneDX, JSON), with the runtime added.
 * What would be another each time is taken from the release itself.
 *
 * @param {{ version: string, date: string, sums: string }} release `date` in ISO's form
 * @returns {string}
 */
export function bill({ version, date, sums }) {
  const text = run("npm", ["sbom", "--sbom-format=cyclonedx", "--omit=dev", "--package-lock-only"]);
  const told = JSON.parse(text);
  const runtime = {
    "bom-ref": `bun@${bunVersion()}`,
    type: "platform",
    name: "bun",
    version: bunVersion(),
    scope: "required",
    purl: `pkg:npm/bun@${bunVersion()}`,
    licenses: [{ license: { id: "MIT" } }],
  };
  const { tools: _, ...metadata } = told.metadata;
  const component = { ...told.metadata.component, type: "application", name: "p2p" };
  const own = `p2p@${version}`;
  return `${JSON.stringify(
    {
      ...told,
      serialNumber: `urn:uuid:${uuidOf(sums)}`,
      metadata: { ...metadata, timestamp: date, component },
      components: [...told.components, runtime],
      dependencies: [
        ...told.dependencies.map((each) =>
          each.ref === own ? { ...each, dependsOn: [...each.dependsOn, runtime["bom-ref"]] } : each,
        ),
        { ref: runtime["bom-ref"], dependsOn: [] },
      ],
    },
    null,
    2,
  )}\n`;
}

/** A number of the form that the list wants (RFC 9562, version 8), the same for the same files. */
function uuidOf(text) {
  const hex = createHash("sha256").update(text).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
