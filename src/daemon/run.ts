/** One peer as a process: its folder, its sockets, its protocol, its door and its terminal, brought together. */
import { type Door, serveDoor } from "../door/server.ts";
import type { RingConfig } from "../protocol/config.ts";
import { Failure } from "../protocol/failure.ts";
import type { Start, StartInput } from "../protocol/io.ts";
import { type Folder, openFolder } from "../store/folder.ts";
import { lookLocal } from "../store/local.ts";
import { openTransport } from "../transport/transport.ts";
import type { Transport } from "../transport/types.ts";
import { Commands } from "./commands.ts";
import { Console } from "./console.ts";
import { Contents } from "./contents.ts";
import { Driver } from "./driver.ts";
import { enterRing } from "./entering.ts";
import { EventStream, isFolded } from "./events.ts";
import { Front } from "./front.ts";
import type { PeerOptions, PeerStart } from "./options.ts";
import {
  addressOf,
  checkFolder,
  DRAWN_PORTS,
  dataFolder,
  drawBirth,
  drawId,
  drawSeed,
  FIRST_DRAWN_PORT,
  foundedConfig,
  numberedConfig,
  numberedStart,
  reachableHost,
} from "./place.ts";

export type { PeerOptions, PeerStart };

/** What the sockets need before the protocol is there. */
type Identified = { readonly id: number; readonly birth: string; ring: number };

/** A departing peer's last messages are in the kernel's hands after so long. */
const LAST_WORDS_MS = 20;

/**
 * Runs one peer until it ends.
 * @returns the exit code
 * @throws Failure if it cannot start: a taken port, a folder in use, a known peer that does not answer
 */
export async function runPeer(options: PeerOptions): Promise<number> {
  if (options.child) (await import("./child.ts")).endWithParent();
  const numbered = options.start.kind === "init" || options.start.kind === "join";
  const id = "id" in options.start ? options.start.id : null;
  let driver: Driver | null = null;
  let contents: Contents | null = null;
  const identified: Identified = {
    id: id ?? drawId(48),
    birth: drawBirth(),
    ring: numbered ? options.basePort : 0,
  };
  const transportOptions = (port: number) => ({
    host: options.host,
    port,
    sender: () => ({ ...senderOf(driver, identified), ring: identified.ring, port }),
    message: (...[from, message, channel]: Parameters<Heard>) =>
      driver?.give({ type: "message", from, message, channel }),
    unreachable: (...[address, how]: Parameters<Lost>) =>
      driver?.give({ type: "unreachable", address, how }),
    open: (...[source, , peer]: Parameters<Opened>) =>
      contents?.open(source, peer) ?? { refused: "This peer is not ready yet." },
    fault: (error: unknown) => {
      throw error;
    },
  });
  const ports = portsOf(options, id);
  const [folder, transport] = await openBoth(dataFolder(options), ports, transportOptions);
  try {
    const { identity } = folder;
    checkFolder(folder.dir, identity, id, numbered ? options.basePort : null);
    const host = reachableHost(transport.host);
    const {
      config,
      start,
      id: ownId,
    } = await wayIn(options, folder, transport, host, identified.id);
    identified.ring = config.ring;
    const startInput: StartInput = {
      type: "start",
      config,
      id: ownId,
      address: addressOf(host, transport.port),
      birth: identified.birth,
      seed: drawSeed(),
      start,
      incarnation: identity?.incarnation ?? 0,
      restored: folder.restored,
      files: folder.files.records(),
    };
    return await live(options, startInput, folder, transport, (d, c) => {
      driver = d;
      contents = c;
    });
  } finally {
    transport.close();
    await folder.close();
  }
}

type TransportOptions = Parameters<typeof openTransport>[0];
type Heard = TransportOptions["message"];
type Lost = TransportOptions["unreachable"];
type Opened = TransportOptions["open"];

function senderOf(driver: Driver | null, { id, birth }: Identified) {
  if (driver === null) return { id, incarnation: 0, birth, state: "alive" } as const;
  const { self } = driver;
  return { id: self.id, incarnation: self.incarnation, birth: self.birth, state: self.state };
}

/** Opens the folder and the sockets together; a taken port is the sentence that says most. */
async function openBoth(
  dir: string,
  ports: readonly number[],
  optionsFor: (port: number) => TransportOptions,
): Promise<[Folder, Transport]> {
  const [folder, transport] = await Promise.allSettled([
    openFolder(dir),
    openFirst(ports, optionsFor),
  ]);
  if (folder.status === "fulfilled" && transport.status === "fulfilled") {
    return [folder.value, transport.value];
  }
  if (folder.status === "fulfilled") await folder.value.close();
  if (transport.status === "fulfilled") transport.value.close();
  throw transport.status === "rejected" ? transport.reason : failed(folder);
}

function failed(result: PromiseSettledResult<unknown>): unknown {
  return result.status === "rejected" ? result.reason : new Failure("The peer could not start.");
}

async function openFirst(
  ports: readonly number[],
  optionsFor: (port: number) => TransportOptions,
): Promise<Transport> {
  let last: unknown = new Failure("No port was given.");
  for (const port of ports) {
    try {
      return await openTransport(optionsFor(port));
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

function portsOf(options: PeerOptions, id: number | null): number[] {
  if (id !== null) return [options.basePort + id];
  if (options.port !== null) return [options.port];
  return Array.from({ length: DRAWN_PORTS }, (_, i) => FIRST_DRAWN_PORT + i);
}

/** The ring's configuration, this peer's id in it, and how it comes in. */
async function wayIn(
  options: PeerOptions,
  folder: Folder,
  transport: Transport,
  host: string,
  id: number,
): Promise<{ config: RingConfig; start: Start; id: number }> {
  const { start } = options;
  if (start.kind === "init" || start.kind === "join") {
    return { config: numberedConfig(options), start: numberedStart(options, host), id };
  }
  if (start.kind === "found") {
    const own = folder.identity?.id ?? id;
    return { config: foundedConfig(options, folder.identity), start: { kind: "found" }, id: own };
  }
  return await enterRing(start, options, folder, transport);
}

/** The peer's life, from its first input to its exit. */
async function live(
  options: PeerOptions,
  startInput: StartInput,
  folder: Folder,
  transport: Transport,
  attach: (driver: Driver, contents: Contents) => void,
): Promise<number> {
  const commands = new Commands();
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>();
  const events = new EventStream(() => driver.self);
  const cwd = process.cwd();
  const contents: Contents = new Contents({
    folder,
    commands,
    cwd,
    transport: () => transport,
    self: () => driver.self,
    report: (event) => events.publish(event),
    served: (request, ok) => driver.give({ type: "served", request, ok }),
  });
  const driver: Driver = new Driver(
    {
      folder,
      ring: startInput.config.ring,
      contents: () => contents,
      transport: () => transport,
      look: (name) => lookLocal(cwd, name),
      publish: (event) => events.publish(event),
      ended: (code, sentence) => {
        if (sentence !== null) terminal.say(sentence);
        exit(code);
      },
    },
    startInput,
  );
  const front = new Front({
    driver,
    commands,
    events,
    folder,
    transport,
    cwd,
    config: startInput.config,
  });
  const terminal = new Console(
    options.child ? null : (line) => front.typeAt(line, (sentence) => terminal.say(sentence)),
    () => {
      // The terminal is given back first; then the signal does what it does where there is none.
      terminal.close();
      process.kill(process.pid, "SIGINT");
    },
  );
  attach(driver, contents);
  events.subscribe(terminal.read);
  events.subscribe((event) => {
    if (!isFolded(event)) folder.log.append(event);
    if (event.event === "outcome") commands.end(event.command, event.outcome);
    if (event.event === "joined") announce(folder, transport, driver, startInput);
  });
  for (const note of folder.notes) terminal.say(note);
  const quit = () => driver.give({ type: "command", command: 0, what: { kind: "quit" } });
  process.on("SIGTERM", quit);
  let door: Door | null = null;
  try {
    driver.begin();
    door = serveDoor(folder.dir, front);
    if (options.start.kind === "found") tellHowToJoin(terminal, startInput.address);
    const code = await exited;
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    return code;
  } finally {
    process.off("SIGTERM", quit);
    terminal.close();
    await door?.close();
  }
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

function tellHowToJoin(terminal: Console, address: string): void {
  terminal.print(`p2p join ${address}`);
  terminal.say("This is the first peer of a new ring: the line above, typed elsewhere, joins it.");
}
