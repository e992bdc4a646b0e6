/** One peer as a process: its folder, its sockets and its way into a ring, before its life begins. */

import type { RingConfig } from "../protocol/model/config.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { Start, StartInput } from "../protocol/model/io.ts";
import { type Folder, FolderInUse, openFolder } from "../store/folder.ts";
import { displayAddress } from "../terminal/display.ts";
import { openTransport } from "../transport/transport.ts";
import type { Transport } from "../transport/types.ts";
import type { Contents } from "./contents/contents.ts";
import type { Offers } from "./contents/offers.ts";
import type { Driver } from "./driver.ts";
import { awaitContact, configOfKnown, enterRing } from "./entering.ts";
import { crashOf } from "./events.ts";
import { live } from "./live.ts";
import type { PeerOptions, PeerStart } from "./options.ts";
import {
  checkFolder,
  DRAWN_PORTS,
  dataFolder,
  drawId,
  drawInstance,
  drawSeed,
  FIRST_DRAWN_PORT,
  foundedConfig,
  numberedConfig,
  numberedStart,
  reachableHost,
} from "./place.ts";
import { checkRelations } from "./relations.ts";

export type { PeerOptions, PeerStart };

/** What the sockets need before the protocol is there. */
type Identified = { readonly id: number; readonly instance: string; ring: number };

/**
 * Runs one peer until it ends.
 * @returns the exit code
 * @throws Failure if it cannot start: a taken port, a folder in use, a known peer that does not answer
 */
export async function runPeer(options: PeerOptions): Promise<number> {
  checkRelations();
  if (options.child) (await import("./child.ts")).endWithParent();
  const numbered = options.start.kind === "init" || options.start.kind === "join";
  const id = "id" in options.start ? options.start.id : null;
  let driver: Driver | null = null;
  let contents: Contents | null = null;
  let offers: Offers | null = null;
  const identified: Identified = {
    id: id ?? drawId(48),
    instance: drawInstance(),
    ring: numbered ? options.basePort : 0,
  };
  const transportOptions = (port: number) => ({
    host: options.host,
    port,
    sender: cached(() => driver?.self ?? null, identified, port),
    message: (...[from, message, channel, bytes, heldMs]: Parameters<Heard>) => {
      const body = bytes === null ? null : (contents?.bodies.keep(bytes) ?? null);
      driver?.give({ type: "message", from, message, channel, body, heldMs });
    },
    unreachable: (...[address, how, broke]: Parameters<Lost>) =>
      driver?.give({ type: "unreachable", address, how, broke }),
    open: (...[source, offset, peer]: Parameters<Opened>) =>
      offers?.openFor(source, offset, peer) ?? { refused: "This peer is not ready yet." },
    unsent: (tag: string, why: string) => driver?.unsent(tag, why),
    fault: (error: unknown) => {
      if (driver === null) throw error;
      driver.fail(error);
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
    const address = displayAddress({ host, port: transport.port });
    const { instance } = identified;
    const startInput = startFrom(folder, { config, start, id: ownId, address, instance });
    return await live(options, startInput, folder, transport, (made) => {
      ({ driver, contents, offers } = made);
    });
  } catch (error) {
    // Before there is a peer, or beside it: the log is where one looks for it.
    if (!(error instanceof Failure)) folder.log.append({ v: 1, at: Date.now(), ...crashOf(error) });
    throw error;
  } finally {
    transport.close();
    await folder.close();
  }
}

type TransportOptions = Parameters<typeof openTransport>[0];
type Heard = TransportOptions["message"];
type Lost = TransportOptions["unreachable"];
type Opened = TransportOptions["open"];

/** The header of all that is sent: made anew only where something in it has changed, since all ask for it. */
function cached(self: () => Driver["self"] | null, identified: Identified, port: number) {
  let of: Driver["self"] | null = null;
  let made = senderOf(null, identified, port);
  return () => {
    const now = self();
    if (now !== of || made.ring !== identified.ring) {
      of = now;
      made = senderOf(now, identified, port);
    }
    return made;
  };
}

function senderOf(self: Driver["self"] | null, identified: Identified, port: number) {
  const { id, instance, ring } = identified;
  if (self === null) return { id, incarnation: 0, instance, state: "alive", ring, port } as const;
  const { incarnation, state } = self;
  return { id: self.id, incarnation, instance: self.instance, state, ring, port };
}

/**
 * Opens the folder and the sockets together. Where a peer has the folder, that is the cause of a taken
 * port, too; otherwise the port is the sentence that says most.
 */
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
  await awaitContact(options, host, transport, (text) => process.stderr.write(`${text}\n`));
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
