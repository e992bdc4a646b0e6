/** One peer as a process: its folder, its sockets and its way into a ring, before its life begins. */

import type { RingConfig } from "../protocol/model/config.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Start, StartInput } from "../protocol/model/io.ts";
import { type Folder, FolderInUse, openFolder } from "../store/folder.ts";
import { say } from "../terminal/shown.ts";
import { openTransport } from "../transport/transport.ts";
import type { Closure, Transport, TransportOptions } from "../transport/types.ts";
import { formatAddress } from "../wire/address.ts";
import { AlsoKnown } from "./also-known.ts";
import { closingOf } from "./closing.ts";
import { Bodies } from "./contents/bodies.ts";
import { awaitContact, configOfKnown, enterRing } from "./entering.ts";
import { crashOf, EventStream, tellOfUnsent } from "./events.ts";
import { Lab } from "./lab.ts";
import { live, type Opened } from "./live.ts";
import { Lock } from "./lock.ts";
import type { PeerOptions, PeerStart } from "./options.ts";
import { OwnRecord } from "./own-record.ts";
import {
  checkFolder,
  DRAWN_PORTS,
  dataFolder,
  drawId,
  drawSeed,
  FIRST_DRAWN_PORT,
  foundedConfig,
  numberedConfig,
  numberedStart,
  reachableHost,
} from "./place.ts";
import { Reception } from "./reception.ts";
import { checkRelations } from "./relations.ts";
import { Killed, OWN_PROCESS, type Surroundings, saveSpacingMs } from "./surroundings.ts";

export type { PeerOptions, PeerStart };

/**
 * Runs one peer until it ends.
 * @returns the exit code
 * @throws Failure if it cannot start: a taken port, a folder in use, a known peer that does not answer
 */
export async function runPeer(
  options: PeerOptions,
  around: Surroundings = OWN_PROCESS,
): Promise<number> {
  checkRelations();
  const { killed } = around;
  // Who shares a process does not end it.
  if (options.child && killed === null) (await import("./child.ts")).endWithParent();
  const numbered = options.start.kind === "init" || options.start.kind === "join";
  const id = "id" in options.start ? options.start.id : null;
  const dir = dataFolder(options);
  const closing = await closingOf(options, dir);
  const { instance } = closing;
  // A port is drawn before anybody can call.
  let listensAt = 0;
  const alsoKnown = new AlsoKnown(options, () => listensAt);
  const lock = new Lock(closing, () => alsoKnown.addresses());
  const own = new OwnRecord(id ?? drawId(48), instance, numbered ? options.basePort : 0);
  const heard = {
    own,
    reception: new Reception(),
    events: new EventStream(own),
    bodies: new Bodies(),
    lab: Lab.of(around.environment),
    around,
  };
  const ports = portsOf(options, id);
  const socketOptions = socketOptionsOf(options, lock.closure, heard);
  const [folder, transport] = await openBoth(dir, ports, socketOptions, around.peers);
  listensAt = transport.port;
  const cut = () => transport.close(true);
  killed?.addEventListener("abort", cut);
  try {
    if (killed?.aborted === true) throw new Killed();
    const { identity } = folder;
    checkFolder(folder.dir, identity, id, numbered ? options.basePort : null);
    await lock.keep(folder.dir, transport);
    const host = reachableHost(transport.host);
    const way = await wayIn(options, folder, transport, host, own.self.id);
    own.ring = way.config.ring;
    const { advertise } = options;
    const address = formatAddress(advertise?.host ?? host, advertise?.port ?? transport.port);
    const startInput = startFrom(folder, { ...way, address, instance });
    return await live(options, startInput, { ...heard, folder, transport, lock });
  } catch (caught) {
    const error = lock.explain(caught);
    // Before there is a peer, or beside it: the log is where one looks for it.
    if (!(error instanceof Failure || error instanceof Killed))
      folder.log.append({ v: 1, at: Date.now(), ...crashOf(error) });
    throw error;
  } finally {
    killed?.removeEventListener("abort", cut);
    lock.close();
    transport.close();
    await folder.close();
  }
}

/** What the sockets speak to, which are open before there is a peer. */
function socketOptionsOf(
  { host, advertise }: PeerOptions,
  closure: Closure | null,
  { own, reception, events, bodies, lab, around }: Omit<Opened, "folder" | "transport" | "lock">,
): (port: number) => TransportOptions {
  const unsent = tellOfUnsent(events);
  return (port) => ({
    host,
    port,
    sender: () => own.senderAt(advertise?.port ?? port, advertise?.host),
    message: (from, message, channel, bytes, heldMs) => {
      const body = bytes === null ? null : bodies.keep(bytes);
      reception.give({ type: "message", from, message, channel, body, heldMs });
    },
    greeted: (address, { id, instance }) =>
      reception.give({ type: "greeted", address, id, instance }),
    unreachable: (address, how, broke) =>
      reception.give({ type: "unreachable", address, how, broke }),
    open: (source, offset, peer) => reception.open(source, offset, peer),
    isMember: (address) => reception.isMember(address),
    unsent,
    closure,
    faults: lab?.faults,
    sharers: around.peers,
    fault: (error) => reception.fail(error),
  });
}

/**
 * Opens the folder and the sockets together. Where a peer has the folder, that is the cause of a taken
 * port, too; otherwise the port is the sentence that says most.
 */
async function openBoth(
  dir: string,
  ports: readonly number[],
  optionsFor: (port: number) => TransportOptions,
  peers: number,
): Promise<[Folder, Transport]> {
  const [folder, transport] = await Promise.allSettled([
    openFolder(dir, undefined, saveSpacingMs(peers)),
    openFirst(ports, optionsFor),
  ]);
  if (folder.status === "fulfilled" && transport.status === "fulfilled") {
    return [folder.value, transport.value];
  }
  if (folder.status === "fulfilled") await folder.value.close();
  if (transport.status === "fulfilled") transport.value.close();
  if (folder.status === "rejected" && folder.reason instanceof FolderInUse) throw folder.reason;
  throw transport.status === "rejected" ? transport.reason : failed(folder);
}

function failed(result: PromiseSettledResult<unknown>): unknown {
  return result.status === "rejected" ? result.reason : new Failure("The peer could not start.");
}

async function openFirst(
  ports: readonly number[],
  optionsFor: (port: number) => TransportOptions,
): Promise<Transport> {
  const [first, ...others] = ports.map((port) => () => openTransport(optionsFor(port)));
  if (first === undefined) throw new Failure("No port was given.");
  try {
    return await first();
  } catch (error) {
    for (const open of others) {
      const opened = await open().catch(() => null);
      if (opened !== null) return opened;
    }
    // What is wrong with the first says most: with others it may be that they are taken as well.
    throw error;
  }
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
  await awaitContact(options, host, transport, (text) => say(text));
  if (start.kind === "init") {
    return { config: numberedConfig(options), start: numberedStart(options, host), id };
  }
  if (start.kind === "join") {
    const config = await configOfKnown(numberedConfig(options), options, host, transport);
    return { config, start: numberedStart(options, host), id };
  }
  if (start.kind === "found") {
    const own = folder.identity?.id ?? id;
    return { config: foundedConfig(options, folder.identity), start: { kind: "found" }, id: own };
  }
  return await enterRing(start, options, folder, transport);
}

/** What a peer begins with: what it is, and what its folder remembers. */
function startFrom(
  folder: Folder,
  self: Pick<StartInput, "config" | "start" | "id" | "address" | "instance">,
): StartInput {
  const { identity, restored, left, awayMs, forgottenMs, files } = folder;
  return {
    ...{ type: "start", ...self, seed: drawSeed(), incarnation: identity?.incarnation ?? 0 },
    ...{ restored, left, awayMs, forgottenMs, files: files.records() },
  };
}
