import { resolve } from "node:path";
import { freeBasePort, takenIds } from "../lab/ports.ts";
import { checkRingName, DEFAULT_NAME, namedRings } from "../lab/ring-names.ts";
import { launchRing } from "../lab/ring-up.ts";
import { count } from "../terminal/display.ts";
import { command } from "./cli/command.ts";
import { mayColor } from "./cli/globals.ts";
import { RING_ARGS, ringOptions } from "./ring.ts";

const ARGS = {
  ...RING_ARGS,
  name: { type: "string", description: "what the ring is called (default ring)" },
  detach: {
    type: "boolean",
    alias: "d",
    description: "go on without this terminal, once the ring stands",
  },
  // The ring that --detach has started.
  detached: { type: "boolean" },
} as const;

/** Another ring that is started at this moment may be faster. */
const ATTEMPTS = 3;

async function launchSomewhere(
  words: readonly string[],
  ids: readonly number[],
  first: number,
): Promise<{ pid: number; port: number }> {
  for (let attempt = 1, port = first; ; attempt++) {
    try {
      const pid = await launchRing(["ring", "up", ...words, "--base-port", String(port)]);
      return { pid, port };
    } catch (error) {
      const isTaken = (await takenIds(port, ids)).length > 0;
      if (!isTaken || attempt === ATTEMPTS) throw error;
      port = await freeBasePort(ids, [port, ...namedRings().map((ring) => ring.basePort)]);
    }
  }
}

export default command({
  name: "ring up",
  args: ARGS,
  forms: [["N"], []],
  hidden: ["detached"],
  examples: [
    ["p2p ring up 8 -d", "8 peers in the background; then p2p ring status, kill, down"],
    ["p2p ring up 12 -d --name b --dir b", "another ring beside it, with files of its own"],
  ],
  async run(args, argv) {
    const name = checkRingName(args.name ?? DEFAULT_NAME);
    const asked = ringOptions(args);
    // Several rings have their ports beside each other's, as long as nobody says which.
    const others = namedRings().map((ring) => ring.basePort);
    const basePort =
      args["base-port"] === undefined ? await freeBasePort(asked.ids, others) : asked.basePort;
    if (args.detach !== true) {
      const { runRing } = await import("../lab/ring.ts");
      const options = { ...asked, basePort, color: mayColor(process.stdout) };
      return await runRing(options, { name, detached: args.detached === true });
    }
    const words = argv.filter((word) => word !== "-d" && word !== "--detach");
    const isGiven = args["base-port"] !== undefined;
    const { pid, port } = isGiven
      ? { pid: await launchRing(["ring", "up", ...words]), port: basePort }
      : await launchSomewhere(words, asked.ids, basePort);
    const peers = count(asked.ids.length, "peer");
    console.log(`${name}: ${peers} on the ports from ${port}, process ${pid}`);
    console.log(`files in ${resolve(asked.dir)}; end it with p2p ring down ${name}`);
    return 0;
  },
});
