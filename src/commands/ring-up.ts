import { freeBasePort, takenIds } from "../lab/ports.ts";
import { askRing } from "../lab/ring-client.ts";
import {
  checkRingName,
  chooseRing,
  DEFAULT_NAME,
  type NamedRing,
  namedRings,
} from "../lab/ring-names.ts";
import { launchRing } from "../lab/ring-up.ts";
import { count } from "../terminal/display.ts";
import { command, toldAsJson } from "./cli/command.ts";
import { UsageError } from "./cli/errors.ts";
import { mayColor } from "./cli/globals.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { RING_ARGS, ringOptions, showPlan } from "./ring.ts";

const ARGS = {
  ...RING_ARGS,
  name: { type: "string", description: "what the ring is called (default ring)" },
  detach: {
    type: "boolean",
    alias: "d",
    description: "go on without this terminal, once the ring stands",
  },
  ...JSON_ARG,
  // The ring that --detach has started.
  detached: { type: "boolean" },
} as const;

/** Another ring that is started at this moment may be faster. */
const ATTEMPTS = 3;

async function launchSomewhere(
  words: readonly string[],
  ids: readonly number[],
  first: number,
): Promise<number> {
  for (let attempt = 1, port = first; ; attempt++) {
    try {
      return await launchRing(["ring", "up", ...words, "--base-port", String(port)]);
    } catch (error) {
      const isTaken = (await takenIds(port, ids)).length > 0;
      if (!isTaken || attempt === ATTEMPTS) throw error;
      port = await freeBasePort(ids, [port, ...namedRings().map((ring) => ring.basePort)]);
    }
  }
}

/** The ring itself says what it is: it may have come to other ports than were tried first. */
async function tellOfLaunched(ring: NamedRing, pid: number, asJson: boolean): Promise<void> {
  const { peers } = await askRing(ring.dir).status();
  if (asJson) {
    const places = peers.map((peer) => ({ ...peer, port: ring.basePort + peer.id }));
    console.log(JSON.stringify({ v: 1, ...ring, peers: places }));
    return;
  }
  const many = count(peers.length, "peer");
  console.log(`${ring.name}: ${many} on the ports from ${ring.basePort}, process ${pid}`);
  console.log(`files in ${ring.cwd}; end it with p2p ring down ${ring.name}`);
}

const up = command({
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
    if (args.json === true && args.detach !== true && args["dry-run"] !== true) {
      throw new UsageError(
        "--json is for --detach and --dry-run: at a terminal a ring shows lines",
      );
    }
    // Several rings have their ports beside each other's, as long as nobody says which.
    const others = namedRings().map((ring) => ring.basePort);
    const isGiven = args["base-port"] !== undefined;
    const basePort = isGiven ? asked.basePort : await freeBasePort(asked.ids, others);
    const options = { ...asked, basePort, color: mayColor(process.stdout) };
    if (args["dry-run"] === true) return await showPlan(options, name, args.json === true);
    if (args.detach !== true) {
      const { runRing } = await import("../lab/ring.ts");
      return await runRing(options, { name, detached: args.detached === true });
    }
    const words = argv.filter((word) => !["-d", "--detach", "--json"].includes(word));
    const pid = isGiven
      ? await launchRing(["ring", "up", ...words])
      : await launchSomewhere(words, asked.ids, basePort);
    await tellOfLaunched(await chooseRing(name), pid, args.json === true);
    return 0;
  },
});

export default toldAsJson(up);
