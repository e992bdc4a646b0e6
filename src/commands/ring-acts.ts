import type { Deed } from "../lab/ring-acts.ts";
import type { NamedRing } from "../lab/ring-names.ts";
import { EXIT_FAILED } from "../protocol/model/failure.ts";
import { displayTable } from "../terminal/display.ts";
import { type Command, command, toldAsJson } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { parseIds } from "./cli/values.ts";

/** `p2p ring ls`, `status`, `check`, `kill` and so on: a ring that runs, from another terminal. */

const NAME_ARG = {
  name: { type: "string", description: "which ring, where several run" },
} as const;

async function chosen(name: string | undefined): Promise<NamedRing> {
  const { chooseRing } = await import("../lab/ring-names.ts");
  return await chooseRing(name ?? null);
}

export const ls = toldAsJson(
  command({
    name: "ring ls",
    args: JSON_ARG,
    forms: [[]],
    examples: [["p2p ring ls", "this user's rings that have names, and those of this folder"]],
    async run(args) {
      const { namedRings, namelessHere } = await import("../lab/ring-names.ts");
      const named = namedRings();
      const rings = [...named, ...(await namelessHere(named))];
      if (args.json === true) {
        console.log(JSON.stringify({ v: 1, rings }));
        return 0;
      }
      const rows = rings.map(({ name, pid, cwd }) => [name, String(pid), cwd]);
      if (rows.length === 0) console.log("no ring runs");
      else for (const line of displayTable(["ring", "pid", "folder"], rows)) console.log(line);
      return 0;
    },
  }),
);

export const status = toldAsJson(
  command({
    name: "ring status",
    args: { ...NAME_ARG, ...JSON_ARG },
    forms: [[]],
    examples: [["p2p ring status", "its peers, their processes, and which check does not hold"]],
    async run(args) {
      const { stateLines, stateOf } = await import("../lab/ring-state.ts");
      const state = await stateOf(await chosen(args.name), false);
      if (args.json === true) console.log(JSON.stringify({ v: 1, ...state }));
      else for (const line of stateLines(state)) console.log(line);
      return 0;
    },
  }),
);

export const check = toldAsJson(
  command({
    name: "ring check",
    args: { ...NAME_ARG, ...JSON_ARG },
    forms: [[]],
    examples: [["p2p ring check", "exit code 0 if R1 to R8 hold, or come to hold within 30 s"]],
    async run(args) {
      const { checkLines, stateOf } = await import("../lab/ring-state.ts");
      const state = await stateOf(await chosen(args.name), true);
      if (args.json === true) console.log(JSON.stringify({ v: 1, ...state }));
      else for (const line of checkLines(state)) console.log(line);
      return state.holds ? 0 : EXIT_FAILED;
    },
  }),
);

export const logs = command({
  name: "ring logs",
  args: {
    ...NAME_ARG,
    follow: { type: "boolean", alias: "f", description: "go on until the ring ends" },
  },
  forms: [[]],
  examples: [["p2p ring logs -f", "what its peers print, without their pings"]],
  async run(args) {
    const { printLog } = await import("../lab/ring-acts.ts");
    await printLog(await chosen(args.name), args.follow === true);
    return 0;
  },
});

export const down = toldAsJson(
  command({
    name: "ring down",
    args: {
      name: { type: "positional", required: false, description: "which ring, where several run" },
      all: { type: "boolean", description: "all rings of this user that have names" },
      ...JSON_ARG,
    },
    forms: [["NAME"], []],
    examples: [
      ["p2p ring down", "end the ring, with all its peers"],
      ["p2p ring down --all", "and all others"],
    ],
    async run(args) {
      if (args.all === true && args.name !== undefined) {
        throw new UsageError("Give a ring's name or --all, not both");
      }
      const { down: end } = await import("../lab/ring-acts.ts");
      const { namedRings } = await import("../lab/ring-names.ts");
      const rings = args.all === true ? namedRings() : [await chosen(args.name)];
      for (const ring of rings) {
        await end(ring);
        if (args.json !== true) console.log(`${ring.name} has ended`);
      }
      const ended = rings.map(({ name, pid }) => ({ name, pid }));
      if (args.json === true) console.log(JSON.stringify({ v: 1, ended }));
      else if (rings.length === 0) console.log("no ring runs");
      return 0;
    },
  }),
);

/** A command that does something to some peers. */
function act(deed: Deed, example: string): Command {
  return toldAsJson(
    command({
      name: `ring ${deed}`,
      args: {
        id: { type: "positional", required: true, description: "the peer's id, or several: 9,14" },
        ...NAME_ARG,
        ...JSON_ARG,
      },
      forms: [["ID"]],
      examples: [[`p2p ring ${deed} 14`, example]],
      async run(args) {
        const { doTo } = await import("../lab/ring-acts.ts");
        const ids = parseIds("ID", args.id ?? "");
        const ring = await chosen(args.name);
        const peers = await doTo(ring, deed, ids);
        if (args.json === true) console.log(JSON.stringify({ v: 1, name: ring.name, deed, peers }));
        else for (const { said } of peers) console.log(said);
        return 0;
      },
    }),
  );
}

export const kill = act("kill", "its process ends where it stands");
export const freeze = act("freeze", "its process stands still, and answers nobody");
export const thaw = act("thaw", "it goes on");
export const quit = act("quit", "it leaves in good order");
export const restart = act("restart", "killed if it runs, and started again with its folder");
export const add = act("add", "a new peer joins, or one that has ended comes back");
