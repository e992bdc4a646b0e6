/** `p2p upgrade FROM`, `p2p upgrade --rollback`. */
import type { Upgraded } from "../machine/upgrade.ts";
import { buildOf, sayBuild } from "./cli/build.ts";
import { type Command, command } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { JSON_ARG } from "./cli/shared.ts";

/** @param version of this program */
export function upgrading(version: string): Command {
  return command({
    name: "upgrade",
    args: {
      from: {
        type: "positional",
        required: false,
        description: "a release's folder, one of its archives, or the address of either",
      },
      rollback: { type: "boolean", description: "have the former program back, instead" },
      ...JSON_ARG,
    },
    forms: [["FROM"], []],
    examples: [
      ["p2p upgrade dist/release", "replace this program by the one of a release, once checked"],
      ["p2p upgrade https://example.org/p2p/v0.3.0", "one that is fetched from there"],
      ["p2p upgrade --rollback", "back to the former one"],
    ],
    async run({ from, rollback, json }) {
      if (from === undefined && rollback !== true) {
        throw new UsageError("FROM is missing: p2p upgrade takes FROM, or --rollback");
      }
      if (from !== undefined && rollback === true) {
        throw new UsageError("Give FROM or --rollback, not both");
      }
      const work = await import("../machine/upgrade.ts");
      const own = buildOf(version);
      const done =
        from === undefined ? await work.rollback(own) : await work.upgrade(from, own.platform, own);
      for (const line of json === true ? [documentOf(done)] : told(done)) console.log(line);
      return 0;
    },
  });
}

function documentOf({ program, former, before, now, same }: Upgraded): string {
  const short = ({ version, commit }: Upgraded["now"]) => ({ version, commit });
  return JSON.stringify({ v: 1, program, former, before: short(before), now: short(now), same });
}

function told({ program, former, before, now, same }: Upgraded): string[] {
  if (same) return [`${program} is that very program already: ${sayBuild(now)}`];
  return [
    `${program} was ${sayBuild(before)}, and is ${sayBuild(now)}`,
    `the former one is ${former}; p2p upgrade --rollback has it back`,
    "peers that run are still what they were: stop and start one after the other, and wait for p2p health each time",
  ];
}
