/**
 * The page's own program, as one script: bundled when p2p is built, or when this source is read, by a macro.
 * A page needs nothing beside itself then, and neither does p2p.
 */
import { join } from "node:path";

/** The beginning of what would end the element, in any case of its letters. */
const ENDS_SCRIPT = /<\/(?=script)/gi;

/**
 * Bundles one program, as it may stand in an element of a page: what would end that is written otherwise,
 * which in a text of the program means the same.
 *
 * @param entry a file of `browser/`
 * @throws Error with what the bundler says
 */
export function bundled(entry: string): string {
  const path = join(import.meta.dir, "browser", entry);
  const flags = ["--minify", "--target=browser", "--format=iife"];
  const argv = [process.execPath, "build", ...flags, path];
  const { stdout, stderr, exitCode } = Bun.spawnSync(argv);
  const script = stdout.toString().trim();
  if (exitCode === 0 && script !== "") return script.replaceAll(ENDS_SCRIPT, "<\\/");
  throw new Error(`${entry} could not be bundled: ${stderr.toString()}`);
}
