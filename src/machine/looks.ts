/** What `p2p doctor` looks at on the machine itself: its clock, the disk, descriptors, programs. */
import { mkdirSync, readlinkSync, rmdirSync, statfsSync } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { findPeers } from "../control/find.ts";
import { freeBytes } from "../store/disk.ts";
import { errorCode } from "../store/durable.ts";
import { displayList, displaySize } from "../terminal/display.ts";
import { descriptorLimit, roomFor } from "../transport/descriptors.ts";
import type { DoctorOptions, Finding } from "./finding.ts";
import {
  CLOCK_MS,
  FEW_DESCRIPTORS,
  LATE_TIMER_MS,
  LEAST_BYTES,
  LOW_BYTES,
  SLOW_SYNC_MS,
} from "./limits.ts";

/** Nothing of this program is older. */
const EARLIEST = Date.UTC(2026, 0, 1);
const TICK_MS = 10;
/** File systems of other machines, by the numbers that Linux has for them: NFS, SMB and FUSE's. */
const REMOTE: Readonly<Record<number, string>> = {
  26985: "NFS",
  20859: "SMB",
  4283649346: "SMB",
  4266872130: "SMB",
};

export async function lookAtClock(): Promise<Finding[]> {
  const check = "clock";
  const { worst, drift } = await watched();
  if (Date.now() < EARLIEST) {
    const found = `the clock says ${new Date().toISOString()}, which is long gone`;
    return [{ check, verdict: "wrong", found, advice: "set it, or have it set (NTP)" }];
  }
  if (Math.abs(drift) > LATE_TIMER_MS) {
    const found = `the clock was moved by ${Math.round(drift)} ms while it was watched`;
    const advice = "let it be set before peers start: removals and ages are dated by it";
    return [{ check, verdict: "warning", found, advice }];
  }
  const found = `timers come ${worst.toFixed(0)} ms late at most`;
  if (worst < LATE_TIMER_MS) return [{ check, verdict: "ok", found, advice: null }];
  const advice =
    "the machine has too much to do: a peer half a second late takes that for a sleep of its own";
  return [{ check, verdict: "warning", found, advice }];
}

/** How late timers come, and by how much the two clocks of a machine go apart. */
async function watched(): Promise<{ readonly worst: number; readonly drift: number }> {
  const [wall, steady] = [Date.now(), performance.now()];
  let worst = 0;
  while (performance.now() - steady < CLOCK_MS) {
    const due = performance.now() + TICK_MS;
    await Bun.sleep(TICK_MS);
    worst = Math.max(worst, performance.now() - due);
  }
  return { worst, drift: Date.now() - wall - (performance.now() - steady) };
}

export async function lookAtDisk({ data }: DoctorOptions): Promise<Finding[]> {
  const check = "disk";
  const dir = resolve(data);
  const there = existing(dir);
  const syncMs = await syncTime(there);
  if (typeof syncMs === "string") {
    const found = `nothing can be written in ${there} (${syncMs})`;
    return [{ check, verdict: "wrong", found, advice: "choose another folder with --data" }];
  }
  const remote = REMOTE[statfsSync(there).type];
  if (remote !== undefined) {
    const found = `${there} is on another machine (${remote})`;
    const advice = "choose a folder on a disk of this one with --data: locks and syncs go by that";
    return [{ check, verdict: "wrong", found, advice }];
  }
  const free = await freeBytes(there);
  const room = free === null ? "" : `, ${displaySize(free)} free`;
  const found = `a sync in ${there} takes ${syncMs.toFixed(1)} ms${room}`;
  if (free !== null && free < LEAST_BYTES) {
    return [{ check, verdict: "wrong", found, advice: "make room: a peer takes no file here" }];
  }
  if (free !== null && free < LOW_BYTES) {
    return [
      { check, verdict: "warning", found, advice: "make room, or choose another with --data" },
    ];
  }
  if (syncMs < SLOW_SYNC_MS) return [{ check, verdict: "ok", found, advice: null }];
  const advice = "it is slow, or busy: each store waits for syncs on several peers";
  return [{ check, verdict: "warning", found, advice }];
}

/** The folder, or the one above it that is there. */
function existing(dir: string): string {
  try {
    statfsSync(dir);
    return dir;
  } catch {
    const above = dirname(dir);
    return above === dir ? dir : existing(above);
  }
}

/** @returns milliseconds, or the system's word for why not */
async function syncTime(dir: string): Promise<number | string> {
  const folder = join(dir, `.p2p-doctor-${process.pid}`);
  const path = join(folder, "sync");
  try {
    mkdirSync(folder, { mode: 0o700 });
    const file = await open(path, "wx", 0o600);
    try {
      await file.write("p2p doctor was here\n");
      const began = performance.now();
      await file.sync();
      return performance.now() - began;
    } finally {
      await file.close();
    }
  } catch (error) {
    return errorCode(error);
  } finally {
    await unlink(path).catch(() => {});
    try {
      rmdirSync(folder);
    } catch {
      // It was never made.
    }
  }
}

export function lookAtDescriptors(): Finding[] {
  const check = "descriptors";
  const limit = descriptorLimit();
  const { inbound, links } = roomFor(limit);
  const found = `${limit} for each process: room for ${inbound} connections in and ${links} links out`;
  if (limit >= FEW_DESCRIPTORS) return [{ check, verdict: "ok", found, advice: null }];
  const advice = "raise it (ulimit -n 4096, or LimitNOFILE= of its service) before a peer starts";
  return [{ check, verdict: "warning", found, advice }];
}

/** This program, and whether the peers that run here are of it. */
export function lookAtVersions({ build }: DoctorOptions): Finding[] {
  const check = "versions";
  const own: Finding = { check, verdict: "ok", found: `this is p2p ${build}`, advice: null };
  const others = peersOfOtherPrograms();
  if (others.length === 0) return [own];
  const which = displayList(others.slice(0, 20));
  const found = `peers that run here were started from another program, or one that was replaced: ${which}`;
  const advice = "stop and start one after the other, and wait for p2p health each time";
  return [own, { check, verdict: "warning", found, advice }];
}

function peersOfOtherPrograms(): number[] {
  try {
    return findPeers(process.cwd()).flatMap(({ id, pid }) => {
      const program = programOf(pid);
      return program === null || program === process.execPath ? [] : [id];
    });
  } catch {
    return [];
  }
}

/** Null where the system does not tell: only Linux does. */
function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}
