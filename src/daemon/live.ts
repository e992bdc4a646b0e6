/** One peer's life: its protocol, its contents, its control socket and its terminal, brought together. */
import { type Control, serveControl } from "../control/server.ts";
import { showEvent } from "../control/shown.ts";
import { agedOutcome } from "../protocol/model/ages.ts";
import { NUMBERED_BITS, type RingConfig } from "../protocol/model/config.ts";
import type { PeerEvent } from "../protocol/model/events.ts";
import { EXIT_BUG } from "../protocol/model/failure.ts";
import { type WriteId, writeId } from "../protocol/model/files.ts";
import type { StartInput } from "../protocol/model/io.ts";
import type { Member } from "../protocol/model/member.ts";
import type { RequestId } from "../protocol/model/messages.ts";
import type { Snapshot } from "../protocol/snapshot.ts";
import type { Folder } from "../store/folder.ts";
import { RateLimiter } from "../store/rate-limiter.ts";
import { lookLocal } from "../store/user-files.ts";
import type { Transport } from "../transport/types.ts";
import { Console } from "./console.ts";
import { Arrivals } from "./contents/arrivals.ts";
import { type Bodies, SentBodies } from "./contents/bodies.ts";
import { Commands } from "./contents/commands.ts";
import { Contents } from "./contents/contents.ts";
import { EarlyCopies } from "./contents/early.ts";
import { Moving } from "./contents/moving.ts";
import { Offers } from "./contents/offers.ts";
import { Scrubbing } from "./contents/scrubbing.ts";
import { Driver, type End } from "./driver.ts";
import { tellOfDrops, tellOfForeign } from "./drops.ts";
import { crashOf, type EventStream, isFolded, tellOfLost } from "./events.ts";
import { Front } from "./front.ts";
import { tellHowToJoin } from "./how-to-join.ts";
import type { Lab } from "./lab.ts";
import { REPAIR_BYTES_PER_SECOND } from "./limits.ts";
import type { Lock } from "./lock.ts";
import type { PeerOptions } from "./options.ts";
import type { OwnRecord } from "./own-record.ts";
import type { Reception } from "./reception.ts";
import { RoomWatch } from "./room.ts";
import { RequestSampling } from "./sampling.ts";
import type { Surroundings } from "./surroundings.ts";
import { Tidying } from "./tidying.ts";

/** A departing peer's last messages are in the kernel's hands after so long. */
const LAST_WORDS_MS = 20;
/** The exit code of a peer that was killed, as a shell has it. */
export const EXIT_KILLED = 137;

/** What a peer is made of: open, and known to its sockets. */
export type Opened = {
  readonly reception: Reception;
  readonly own: OwnRecord;
  readonly events: EventStream;
  readonly bodies: Bodies;
  readonly lab: Lab | null;
  readonly around: Surroundings;
  readonly folder: Folder;
  readonly transport: Transport;
  readonly lock: Lock;
};

/**
 * The peer's life, from its first input to its exit.
 * @returns the exit code
 */
export async function live(
  options: PeerOptions,
  startInput: StartInput,
  opened: Opened,
): Promise<number> {
  const { reception, events, folder, around } = opened;
  const cwd = process.cwd();
  const { config } = startInput;
  const moved = makeContents(options, opened, cwd);
  const { commands, contents, scrubbing } = moved;
  const look = (name: string) => lookLocal(cwd, name);
  const { views } = around;
  const driver = new Driver({ ...opened, ...moved, config, look, views }, startInput);
  const room = watchRoom(opened);
  const front = new Front({ ...opened, ...moved, driver, room, cwd, config });
  const terminal = openTerminal(options, around, config, front, (line, say) =>
    driver.attempt(() => front.typeAt(line, say)),
  );
  events.subscribe(terminal.read);
  const sampling = new RequestSampling((omitted, ms) =>
    events.publish({ event: "omitted", events: omitted, ms }),
  );
  let isIn = false;
  events.subscribe((event) => {
    if (!isFolded(event) && sampling.takes(event)) folder.log.append(showEvent(event));
    if (event.event === "outcome") {
      commands.end(event.command, agedOutcome(event.outcome, performance.now()));
    }
    if (event.event !== "joined") return;
    isIn = true;
    announce(opened, config);
  });
  for (const note of folder.notes) terminal.say(note);
  const tidying = tidyingOf(opened, moved.sent);
  const unasked = around.onTerminate(() => reception.quit());
  const kill = () => driver.kill();
  around.killed?.addEventListener("abort", kill);
  const { drops } = opened.transport;
  const hush = [
    tellOfLost(folder.log, events),
    tellOfDrops(drops, events),
    tellOfForeign(drops, () => reception.expected, events),
  ];
  let control: Control | null = null;
  try {
    driver.begin();
    room.begin();
    scrubbing.begin();
    tidying.begin();
    control = serveControl(folder.dir, front);
    const { start } = startInput;
    const contact =
      start.kind === "join" ? { address: start.contact, name: start.contactName } : null;
    opened.lock.guard({
      contact: () => (isIn ? null : contact),
      ...{ dir: folder.dir, transport: opened.transport },
      members: () => othersAlive(driver.snapshot),
      say: (text) => events.publish({ event: "note", text }),
      end: (sentence) => driver.giveUp(sentence),
    });
    await tellHowToJoin(terminal, options, startInput, opened.lock, opened.transport.port);
    const end = await driver.ended;
    if (end.kind === "killed") return EXIT_KILLED;
    const code = exitOf(end, room, events);
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    return code;
  } finally {
    around.killed?.removeEventListener("abort", kill);
    unasked();
    for (const each of hush) each();
    sampling.close();
    tidying.close();
    room.close();
    opened.lab?.close();
    scrubbing.close();
    terminal.close();
    await contents.close();
    await control?.close();
  }
}

/** Says how a peer has ended. @returns the exit code */
function exitOf(
  end: Exclude<End, { kind: "killed" }>,
  room: RoomWatch,
  events: EventStream,
): number {
  if (end.kind === "crash") {
    events.publish(crashOf(end.error));
    return EXIT_BUG;
  }
  if (end.sentence !== null) events.publish({ event: "note", text: end.sentence });
  return room.isThere ? end.code : Math.max(end.code, 1);
}

/** Gives memory back after a load. */
function tidyingOf({ reception, bodies, folder, around }: Opened, sent: SentBodies): Tidying {
  return new Tidying({
    inputs: () => reception.given,
    forgetOld: () => {
      bodies.forgetOld();
      sent.forgetOld();
    },
    release: () => {
      folder.files.shrink();
      // For the others in this process it would be a time in which it stands still.
      if (around.peers > 1) return;
      Bun.gc(true);
      Bun.shrink();
    },
  });
}

/** Looks after the folder: how full its disk is, and that it is there. */
function watchRoom({ folder, reception, events, lab }: Opened): RoomWatch {
  const { dir, files } = folder;
  const full = () => lab?.diskIsFull ?? false;
  files.fill(full());
  const room = new RoomWatch({
    dir,
    full,
    room: (bytes) => reception.give({ type: "room", bytes }),
    deleted: () => {
      const text = `The data folder ${dir} was deleted under this peer: it leaves its ring, and others make its copies anew.`;
      events.publish({ event: "note", text });
      reception.quit();
    },
  });
  if (lab === null) return room;
  lab.filled = (isFull) => {
    files.fill(isFull);
    void room.look();
  };
  return room;
}

/**
 * @param front whether something that was typed is under way: its lines are for whoever typed it
 * @param typed gets each line, unless standard input is not for commands, and a way to answer it
 */
function openTerminal(
  { child, verbose }: PeerOptions,
  around: Surroundings,
  { bits }: RingConfig,
  front: Pick<Front, "isAsked">,
  typed: (line: string, say: (sentence: string) => void) => void,
): Console {
  const say = (sentence: string) => terminal.say(sentence);
  // A service's log is no place for five lines every five seconds, or at each request; the assignment has them all.
  const all = bits <= NUMBERED_BITS || verbose;
  const terminal = new Console(
    child ? null : (line) => typed(line, say),
    () => {
      // The terminal is given back first; then the signal does what it does where there is none.
      terminal.close();
      process.kill(process.pid, "SIGINT");
    },
    all,
    () => all || front.isAsked,
    around,
  );
  return terminal;
}

/** What moves, serves and reads back this peer's contents. */
function makeContents(
  options: PeerOptions,
  { reception, own, events, bodies, folder, transport }: Opened,
  cwd: string,
) {
  const { files } = folder;
  const damaged = (record: WriteId) => {
    const write = writeId(record);
    void files.setAside(write);
    reception.give({ type: "damaged", write });
  };
  files.damaged = damaged;
  const commands = new Commands((command, what) =>
    reception.give({ type: "command", command, what }),
  );
  const moving = new Moving();
  const common = {
    ...{ folder, bodies, commands, moving, transport, cwd, damaged },
    rateLimiter: new RateLimiter(options.repairRate ?? REPAIR_BYTES_PER_SECOND),
    arrivals: new Arrivals(),
    early: new EarlyCopies(files),
    sent: new SentBodies(),
    self: () => own.self,
    report: (event: PeerEvent) => events.publish(event),
    served: (request: RequestId, ok: boolean) => reception.give({ type: "served", request, ok }),
    spoilt: (request: RequestId) => reception.give({ type: "spoilt", request }),
  };
  const offers = new Offers(common);
  const contents = new Contents({ ...common, offers });
  const scrubbing = new Scrubbing(files, damaged);
  const { early, sent } = common;
  return { commands, contents, offers, moving, early, sent, scrubbing };
}

/** Others find the peer once it is in its ring. */
function announce({ folder, transport, own }: Opened, { ring, bits }: RingConfig): void {
  const { port, host } = transport;
  folder.announce({ id: own.self.id, host, port, ring, bits });
}

/** The members that can be spoken to, but for the peer itself. */
function othersAlive({ members, self }: Snapshot): Member[] {
  return members.filter(({ id, state }) => state === "alive" && id !== self.id);
}
