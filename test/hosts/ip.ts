/** The commands `ip` and `nft`, and whether hosts can be made with them here. */
import { readdirSync } from "node:fs";

/** Namespaces are listed here by name. */
const NAMESPACES = "/run/netns";

/**
 * Runs lines of `ip`, in order, in one process.
 * @param namespace where they apply; null for the machine itself
 * @throws Error with what `ip` said of the first line that failed
 */
export function ip(namespace: string | null, lines: readonly string[]): void {
  const inside = namespace === null ? [] : ["-n", namespace];
  run(["ip", ...inside, "-batch", "-"], lines.join("\n"));
}

/** Sets the packet rules of a namespace. @throws Error with what `nft` said */
export function nft(namespace: string, rules: string): void {
  run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], rules);
}

/** The names of all namespaces on this machine. */
export function namespaces(): string[] {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return [];
  }
}

/** The processes that run in a namespace. */
export function processesIn(namespace: string): number[] {
  return run(["ip", "netns", "pids", namespace]).split("\n").filter(Boolean).map(Number);
}

/** Why no hosts can be made here, in one sentence; "" if they can. */
export function whyNoHosts(): string {
  if (process.platform !== "linux") return "Hosts are network namespaces, which only Linux has.";
  if (process.getuid?.() !== 0) return "Only root can make network namespaces.";
  if (Bun.which("ip") === null) return "There is no command `ip` (Debian: iproute2).";
  const name = `p2p-${process.pid}-trial`;
  try {
    run(["ip", "netns", "add", name]);
    try {
      ip(name, ["link add b0 type bridge", "rule add pref 5 ipproto udp blackhole"]);
    } finally {
      run(["ip", "netns", "del", name]);
    }
    return "";
  } catch (error) {
    return `No hosts can be made on this machine: ${String(error)}`;
  }
}

/** Why there can be no packet rules, in one sentence; "" if there can. Asked where hosts can be made. */
export function whyNoPacketRules(): string {
  if (Bun.which("nft") === null) return "There is no command `nft` (Debian: nftables).";
  const name = `p2p-${process.pid}-trial`;
  try {
    run(["ip", "netns", "add", name]);
    try {
      nft(name, "add table inet trial\n");
    } finally {
      run(["ip", "netns", "del", name]);
    }
    return "";
  } catch (error) {
    return `No packet rules can be set on this machine: ${String(error)}`;
  }
}

/** @returns what was printed. @throws Error with what was said on standard error */
export function run(command: readonly string[], input = ""): string {
  const done = Bun.spawnSync([...command], { stdin: Buffer.from(input) });
  if (done.success) return done.stdout.toString();
  throw new Error(`${command.join(" ")}: ${done.stderr.toString().trim() || done.exitCode}`);
}
