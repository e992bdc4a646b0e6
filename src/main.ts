import { version } from "../package.json";
import type { Example } from "./commands/cli/check.ts";
import type { Entry, Table } from "./commands/cli/command.ts";
import { UsageError } from "./commands/cli/errors.ts";
import { complain, exit, finish } from "./commands/cli/exit.ts";
import { mayColor, splitGlobals } from "./commands/cli/globals.ts";
import { watchOutput } from "./commands/cli/output.ts";
import { wasClosed } from "./commands/cli/streams.ts";
import { checkWords, checkWorkingFolder } from "./commands/cli/text.ts";
import { becomePeerProcess } from "./lab/tiers.ts";
import { didYouMean, quote } from "./terminal/words.ts";

/** The command table, and how an error becomes one sentence and an exit code. */

const ABOUT = "a peer-to-peer ring in one file, and the proof that it heals";

/** Each command is loaded when it is asked for, and only then: a peer must be up in milliseconds. */
const COMMANDS: Table = {
  init: {
    summary: "start a peer that knows its two successors, or the first peer of a new ring",
    serves: true,
    load: async () => (await import("./commands/init.ts")).default,
  },
  join: {
    summary: "start a peer that joins a ring through a member it knows",
    serves: true,
    load: async () => (await import("./commands/join.ts")).default,
  },
  ring: {
    summary: "fork a ring of peers on this machine, and show what happens in it",
    load: async () => (await import("./commands/ring.ts")).default,
  },
  "ring up": {
    summary: "start a ring that has a name, in this terminal or in the background",
    load: async () => (await import("./commands/ring-up.ts")).default,
  },
  "ring ls": {
    summary: "list the rings that run",
    load: async () => (await import("./commands/ring-acts.ts")).ls,
  },
  "ring status": {
    summary: "show the peers of a ring, and which check does not hold",
    load: async () => (await import("./commands/ring-acts.ts")).status,
  },
  "ring check": {
    summary: "tell a script whether a ring is right: exit code 0 or 1",
    load: async () => (await import("./commands/ring-acts.ts")).check,
  },
  "ring kill": {
    summary: "kill peers of a ring",
    load: async () => (await import("./commands/ring-acts.ts")).kill,
  },
  "ring freeze": {
    summary: "have peers of a ring stand still",
    load: async () => (await import("./commands/ring-acts.ts")).freeze,
  },
  "ring thaw": {
    summary: "let frozen peers go on",
    load: async () => (await import("./commands/ring-acts.ts")).thaw,
  },
  "ring quit": {
    summary: "have peers of a ring leave in good order",
    load: async () => (await import("./commands/ring-acts.ts")).quit,
  },
  "ring restart": {
    summary: "start peers of a ring again",
    load: async () => (await import("./commands/ring-acts.ts")).restart,
  },
  "ring add": {
    summary: "let new peers join a ring",
    load: async () => (await import("./commands/ring-acts.ts")).add,
  },
  "ring logs": {
    summary: "print what a ring in the background has said",
    load: async () => (await import("./commands/ring-acts.ts")).logs,
  },
  "ring replay": {
    summary: "show again what a ring has shown, at any speed",
    load: async () => (await import("./commands/ring-replay.ts")).default,
  },
  "ring down": {
    summary: "end a ring, with all its peers",
    load: async () => (await import("./commands/ring-acts.ts")).down,
  },
  peers: {
    summary: "run several peers of a ring in one process, as p2p ring asks for",
    hidden: true,
    load: async () => (await import("./commands/peers.ts")).default,
  },
  chaos: {
    summary: "break a ring on purpose, and tell whether it healed and lost nothing",
    load: async () => (await import("./commands/chaos.ts")).default,
  },
  "chaos check": {
    summary: "judge the file of a run of chaos again: what was lost, and what clients were told",
    load: async () => (await import("./commands/chaos-check.ts")).default,
  },
  mark: {
    summary: "mark somebody's program by the assignment's rubric, and tell which line was missing",
    load: async () => (await import("./commands/mark.ts")).default,
  },
  sim: {
    summary: "run thousands of rings under a virtual clock, from a seed, and tell whether all held",
    load: async () => (await import("./commands/sim.ts")).default,
  },
  invite: {
    summary: "write an invite, with which a peer elsewhere joins a closed ring",
    load: async () => (await import("./commands/invite.ts")).default,
  },
  leave: {
    summary: "leave a ring for good: hand on what the peer holds, and forget the ring",
    load: async () => (await import("./commands/leave.ts")).default,
  },
  "key new": {
    summary: "make a file with a new key, for a ring that is founded with it",
    load: async () => (await import("./commands/key.ts")).newKey,
  },
  "key rotate": {
    summary: "change the key of a living ring, for all members or without some",
    load: async () => (await import("./commands/key.ts")).rotate,
  },
  store: {
    summary: "store a file in the ring of a running peer",
    load: async () => (await import("./commands/store.ts")).default,
  },
  request: {
    summary: "fetch a file from the ring of a running peer",
    load: async () => (await import("./commands/request.ts")).default,
  },
  rm: {
    summary: "remove a file from the ring of a running peer",
    load: async () => (await import("./commands/files.ts")).rm,
  },
  where: {
    summary: "tell which peers hold a file",
    load: async () => (await import("./commands/files.ts")).where,
  },
  ls: {
    summary: "list the files that a running peer knows of",
    load: async () => (await import("./commands/files.ts")).ls,
  },
  scrub: {
    summary: "have a running peer read back all that it holds, and mend what is damaged",
    load: async () => (await import("./commands/files.ts")).scrub,
  },
  status: {
    summary: "show what a running peer knows of its ring",
    load: async () => (await import("./commands/status.ts")).status,
  },
  health: {
    summary: "tell a script whether a ring and its files are well: exit code 0, 1 or 3",
    load: async () => (await import("./commands/status.ts")).health,
  },
  doctor: {
    summary: "tell whether a peer can work on this machine, and what to do if not",
    load: async () => (await import("./commands/doctor.ts")).examining(version),
  },
  upgrade: {
    summary: "replace this program by another version of it, and keep the former",
    load: async () => (await import("./commands/upgrade.ts")).upgrading(version),
  },
  completion: {
    summary: "print what completes command lines in bash, zsh or fish",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  man: {
    summary: "print a man page, as for man -l -",
    load: async () =>
      (await import("./commands/man.ts")).manual({
        table: shown(),
        about: ABOUT,
        examples: EXAMPLES,
        version,
      }),
  },
  // What those completions ask.
  complete: {
    summary: "tell what may stand next on a command line",
    hidden: true,
    load: async () => (await import("./commands/completion.ts")).completing(shown()),
  },
};

/** What people are told of. */
function shown(): Table {
  return Object.fromEntries(Object.entries(COMMANDS).filter(([, { hidden }]) => hidden !== true));
}

const EXAMPLES: readonly Example[] = [
  ["p2p ring 8", "a ring of 8 peers, here and now"],
  ["p2p init 2 4 5 30", "peer 2, whose successors are 4 and 5, pings them every 30 s"],
  ["p2p join 15 4 30", "peer 15 joins the ring through peer 4"],
  ["p2p store 2067.pdf --peer 8", "store a file through peer 8"],
  ["p2p chaos --kills 20", "does the ring survive 20 kills?"],
  ["p2p sim --seeds 1000", "do a thousand simulated rings survive everything?"],
];

/** Runs one command line. @returns the exit code */
async function run(argv: readonly string[]): Promise<number> {
  const { help, version: wantsVersion, noColor, name: first, rest: others } = splitGlobals(argv);
  const [name, rest] = commandOf(first, others);
  // Told to children and libraries alike.
  if (noColor) process.env["NO_COLOR"] = "1";
  if (wantsVersion) return await showVersion(argv.includes("--json"));
  if (name === null) return await showHelp(null);
  if (name === "help") return await showHelp(...commandOf(rest[0] ?? null, rest.slice(1)));
  if (help) return await showHelp(name);
  const entry = await find(name);
  checkWords(argv);
  checkWorkingFolder();
  // The runtime has put something in the place of a closed stream, which would be all that is seen then.
  if (entry.serves && !([0, 1, 2] as const).some((stream) => wasClosed(stream)))
    becomePeerProcess();
  const command = await entry.load();
  return await command.run(rest);
}

/** A command's name may be two words. */
function commandOf<N extends string | null>(
  name: N,
  rest: readonly string[],
): readonly [N | string, readonly string[]] {
  const both = `${name} ${rest[0]}`;
  return Object.hasOwn(COMMANDS, both) ? [both, rest.slice(1)] : [name, rest];
}

async function showVersion(json: boolean): Promise<number> {
  if (!json) console.log(version);
  else {
    const { buildOf } = await import("./commands/cli/build.ts");
    console.log(JSON.stringify(buildOf(version)));
  }
  return 0;
}

async function showHelp(name: string | null, extra: readonly string[] = []): Promise<number> {
  const { commandHelp, programHelp } = await import("./commands/cli/help.ts");
  const color = mayColor(process.stdout);
  if (name === null || name === "help") {
    const listed = Object.entries(shown()).map(([key, { summary }]) => ({ name: key, summary }));
    console.log(programHelp(ABOUT, version, listed, EXAMPLES, color));
    return 0;
  }
  const entry = await find(name);
  if (extra[0] !== undefined) {
    throw new UsageError(`Unexpected argument ${quote(extra[0])}: p2p help takes one command`);
  }
  const command = await entry.load();
  console.log(commandHelp(command, entry.summary, color));
  return 0;
}

async function find(name: string): Promise<Entry> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry !== undefined) return entry;
  if (name.startsWith("-")) {
    throw new UsageError(
      `${quote(name)} is no flag of p2p itself: a command's flags come after it (see p2p help)`,
    );
  }
  const hint = didYouMean(name, [...Object.keys(shown()), "help"]) || "; see p2p help";
  throw new UsageError(`Unknown command ${quote(name)}${hint}`);
}

async function crash(error: unknown): Promise<never> {
  return await exit(await complain(error));
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
watchOutput();
run(process.argv.slice(2)).then(finish, crash);
