/** What a scenario may do to disks and contents, in its words. Of peers that never were it says nothing. */
import { type Host, localTime } from "./host.ts";
import { cutPower, wipe } from "./mishaps.ts";
import { contentOf, nameOf } from "./names.ts";
import { setAside } from "./reading.ts";
import { tellRoom } from "./running.ts";
import type { World } from "./world.ts";

export const DISK_VERBS: readonly string[] = [
  "file",
  "change",
  "wipe",
  "power-cut",
  "full",
  "room",
  "rot",
  "scrub",
  "slow-disk",
  "quick-disk",
  "age",
  "away",
];

/**
 * `file 2067 4096`, `change 2067 4097`; `wipe 1`, `power-cut 1 2`, `full 1`, `room 1`, `rot 1 all`,
 * `scrub 1`, `slow-disk 1 by 400`, `quick-disk 1`; `age 2067 29.5`, `age 2067 30 at 1 2`;
 * `away 1 2 by 40`.
 */
export function actOnDisks(world: World, words: readonly string[]): void {
  const [verb = "", name = "", size = "0"] = words;
  if (verb === "file") {
    world.workingDirectory.set(nameOf(name), contentOf(nameOf(name), Number(size)));
    return;
  }
  if (verb === "change") {
    change(world, nameOf(name), Number(size));
    return;
  }
  if (verb === "age") {
    age(world, nameOf(name), Number(size), words.slice(3));
    return;
  }
  const by = words.includes("by") ? words.indexOf("by") : words.length;
  for (const host of hostsOf(world, words.slice(1, by))) {
    const runs = host.peer !== null;
    if (verb === "wipe" && !runs) wipe(host);
    else if (verb === "power-cut" && runs) cutPower(world, host);
    else if (verb === "full" || verb === "room") fill(world, host, verb === "full");
    else if (verb === "rot") rot(world, host, words.includes("all"));
    else if (verb === "scrub" && runs) scrub(world, host);
    else if (verb === "slow-disk") host.disk.slowestSyncMs = Number(words[by + 1] ?? 0);
    else if (verb === "quick-disk") host.disk.slowestSyncMs = null;
    else if (verb === "away" && !runs) away(host, Number(words[by + 1] ?? 0));
  }
}

/** So many days go by for a host that does not run, and for nobody else. */
function away({ disk }: Host, days: number): void {
  disk.grow(days * DAY_MS);
  if (disk.aliveAt !== null) disk.aliveAt -= days * DAY_MS;
}

/** Takes the room of a disk, or gives it back. */
function fill(world: World, host: Host, full: boolean): void {
  host.disk.full = full;
  tellRoom(world, host);
}

/** Reads every content of a disk back, and sets aside what has rotted. */
export function scrub(world: World, host: Host): void {
  for (const record of host.disk.rotten()) setAside(world, host, record);
}

/** Flips bits in one content of a disk, or in all of them. */
function rot(world: World, { disk }: Host, all: boolean): void {
  const sound = disk.sound();
  if (sound.length === 0) return;
  for (const record of all ? sound : [world.generator.pick(sound)]) disk.rot(record);
}

/** Another content lies where a file is stored from: whoever asks for it again gets that one. */
function change(world: World, name: string, size: number): void {
  const content = contentOf(name, size);
  for (const host of world.hosts.values()) {
    for (const command of host.commands.values()) {
      if (command.name === name && command.content !== null) command.content = content;
    }
  }
  if (world.workingDirectory.has(name)) world.workingDirectory.set(name, content);
}

/** The removal of a name has grown that old, on all disks or on some: no clock is waited for. */
function age(world: World, name: string, days: number, at: readonly string[]): void {
  const hosts = at.length === 0 ? [...world.hosts.values()] : hostsOf(world, at);
  // Records carry their ages as of the zero of the clock of whoever holds them.
  for (const host of hosts) host.disk.age(name, days * DAY_MS - localTime(host, world.now));
}

const DAY_MS = 24 * 3_600_000;

function hostsOf(world: World, words: readonly string[]): Host[] {
  const ids = words.filter((w) => /^\d+$/.test(w)).map(Number);
  return ids.flatMap((id) => world.places.byId(id) ?? []);
}
