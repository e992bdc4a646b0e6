/** One peer's life: its protocol, its contents, its control socket and its terminal, brought together. */
import { type Control, serveControl } from "../control/server.ts";
import { agedOutcome } from "../protocol/model/ages.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import { EXIT_BUG } from "../protocol/model/failure.ts";
import { type VersionId, versionId } from "../protocol/model/files.ts";
import type { StartInput } from "../protocol/model/io.ts";
import type { RequestId } from "../protocol/model/messages.ts";
import type { Folder } from "../store/folder.ts";
import { lookLocal } from "../store/local.ts";
import type { Transport } from "../transport/types.ts";
import { Console } from "./console.ts";
import { Arrivals } from "./contents/arrivals.ts";
import { Commands } from "./contents/commands.ts";
import { Contents } from "./contents/contents.ts";
import { Moving } from "./contents/moving.ts";
import { Offers } from "./contents/offers.ts";
import { RateLimiter } from "./contents/rate-limiter.ts";
import { Scrubbing } from "./contents/scrubbing.ts";
import { Driver } from "./driver.ts";
import { crashOf, EventStream, isFolded, tellOfLost } from "./events.ts";
import { Front } from "./front.ts";
import { REPAIR_BYTES_PER_SECOND } from "./limits.ts";
import type { PeerOptions } from "./options.ts";
import { RoomWatch } from "./room.ts";

/** A departing peer's last messages are in the kernel's hands after so long. */
const LAST_WORDS_MS = 20;

/** What the sockets speak to. */
export type Living = {
  readonly driver: Driver;
  readonly contents: Contents;
  readonly offers: Offers;
};

/**
 * The peer's life, from its first input to its exit.
 * @param attach called before the first input
 * @returns the exit code
 */
export async function live(
  options: PeerOptions,
  startInput: StartInput,
  folder: Folder,
  transport: Transport,
  attach: (living: Living) => void,
): Promise<number> {
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
  const events = new EventStream(() => driver.self);
  const made = makeContents(options, folder, transport, events, () => driver);
  const { commands, contents, offers, moving, scrubbing } = made;
  const cwd = process.cwd();
  const { config } = startInput;
  const driver: Driver = new Driver(
    {
      folder,
      config,
      contents: () => contents,
      offers: () => offers,
      transport: () => transport,
      look: (name) => lookLocal(cwd, name),
      publish: (event) => events.publish(event),
      ended: (code, sentence) => {
        if (sentence !== null) terminal.say(sentence);
        exit(room.isThere ? code : Math.max(code, 1));
      },
      failed: (error) => {
        exit(EXIT_BUG);
        events.publish(crashOf(error));
      },
    },
    startInput,
  );
  const room = watchRoom(folder.dir, driver, events, () => front.quit());
  const moved = { contents, moving, scrubbing };
  const front = new Front({
    ...{ driver, commands, events, folder, transport, room, cwd, config },
    ...moved,
  });
  const terminal = openTerminal(options, config, (line, say) =>
    driver.attempt(() => front.typeAt(line, say)),
  );
  attach({ driver, contents, offers });
  events.subscribe(terminal.read);
  events.subscribe((event) => {
    if (!isFolded(event)) folder.log.append(event);
    if (event.event === "outcome") {
      commands.end(event.command, agedOutcome(event.outcome, performance.now()));
    }
    if (event.event === "joined") announce(folder, transport, driver, startInput);
  });
  for (const note of folder.notes) terminal.say(note);
  const quit = () => front.quit();
  process.on("SIGTERM", quit);
  const hush = tellOfLost(folder.log, events);
  let control: Control | null = null;
  try {
    driver.begin();
    room.begin();
    scrubbing.begin();
    control = serveControl(folder.dir, front);
    if (options.start.kind === "found") tellHowToJoin(terminal, options, startInput);
    const code = await exited;
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    return code;
  } finally {
    process.off("SIGTERM", quit);
    hush();
    room.close();
    scrubbing.close();
    terminal.close();
    await contents.close();
    await control?.close();
  }
}

/** Looks after the folder: how full its disk is, and that it is there. */
function watchRoom(dir: string, driver: Driver, events: EventStream, quit: () => void): RoomWatch {
  return new RoomWatch({
    dir,
    room: (bytes) => driver.give({ type: "room", bytes }),
    deleted: () => {
      const text = `The data folder ${dir} was deleted under this peer: it leaves its ring, and others make its copies anew.`;
      events.publish({ event: "note", text });
      quit();
    },
  });
}

/** @param typed gets each line, unless standard input is not for commands, and a way to answer it */
function openTerminal(
  { child, verbose }: PeerOptions,
  { bits }: RingConfig,
  typed: (line: string, say: (sentence: string) => void) => void,
): Console {
  const say = (sentence: string) => terminal.say(sentence);
  const terminal = new Console(
    child ? null : (line) => typed(line, say),
    () => {
      // The terminal is given back first; then the signal does what it does where there is none.
      terminal.close();
      process.kill(process.pid, "SIGINT");
    },
    // A service's log is no place for five lines every five seconds; the assignment has them all.
    bits <= NUMBERED_BITS || verbose,
  );
  return terminal;
}

/** What moves, serves and reads back this peer's contents. */
function makeContents(
  options: PeerOptions,
  folder: Folder,
  transport: Transport,
  events: EventStream,
  driver: () => Driver,
) {
  const { files } = folder;
  const rateLimiter = new RateLimiter(options.repairRate ?? REPAIR_BYTES_PER_SECOND);
  const moving = new Moving();
  const damaged = (record: VersionId) => {
    const version = versionId(record);
    void files.setAside(version);
    driver().give({ type: "damaged", version });
  };
  files.damaged = damaged;
  const commands: Commands = new Commands((command) => contents.forget(command));
  const common = {
    ...{ folder, commands, rateLimiter, moving, cwd: process.cwd(), damaged },
    arrivals: new Arrivals(),
    self: () => driver().self,
    report: (event: PeerEvent) => events.publish(event),
    served: (request: RequestId, ok: boolean) => driver().give({ type: "served", request, ok }),
    spoilt: (request: RequestId) => driver().give({ type: "spoilt", request }),
  };
  const offers = new Offers(common);
  const contents: Contents = new Contents({ ...common, offers, transport: () => transport });
  return { commands, contents, offers, moving, scrubbing: new Scrubbing(files, damaged) };
}

/** Others find the peer once it is in its ring. */
function announce(folder: Folder, transport: Transport, driver: Driver, start: StartInput): void {
  const { port, host } = transport;
  folder.announce({
    id: driver.self.id,
    host,
    port,
    ring: start.config.ring,
    bits: start.config.bits,
  });
}

function tellHowToJoin(
  terminal: Console,
  { insecure }: PeerOptions,
  { address, id, restored }: StartInput,
): void {
  terminal.print(`p2p join ${address}`);
  // One that comes back says whom it has found.
  if (restored.some((member) => member.id !== id)) return;
  // Beyond this machine each peer says where it listens, and that it may.
  const more = insecure ? " with --host ADDRESS --insecure behind it," : "";
  terminal.say(
    `This is the first peer of a new ring: the line above, typed elsewhere,${more} joins it.`,
  );
}
