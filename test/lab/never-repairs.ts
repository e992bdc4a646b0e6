/**
 * Loaded before a peer's own program: its peers take nobody for dead on their own evidence, so a ring
 * of them never closes over a gap. All else is the real thing.
 */
import { plugin } from "bun";

const VERDICT = /(export function died\([^)]*\)[^{]*\{)/;

plugin({
  name: "never-repairs",
  setup(build) {
    build.onLoad(
      { filter: /src[\\/]protocol[\\/]membership[\\/]probing\.ts$/ },
      async ({ path }) => {
        const text = await Bun.file(path).text();
        if (!VERDICT.test(text)) throw new Error(`no verdict of death is passed in ${path}`);
        return { loader: "ts", contents: text.replace(VERDICT, "$1 if (member.id >= 0) return;") };
      },
    );
  },
});
