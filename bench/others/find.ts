/** Other systems, where they are installed: on the path, or in a folder that is named. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { System } from "../system.ts";
import { openEtcd } from "./etcd.ts";
import { openHyperdht } from "./hyperdht.ts";
import { openRedis } from "./redis.ts";

/**
 * Starts those that are there.
 * @param folder where their programs, and `node_modules` with hyperdht, may be; null for the path alone
 * @param leftOut hears the names of those that are not there
 */
export async function openOthers(
  dir: string,
  folder: string | null,
  leftOut: (name: string) => void,
): Promise<System[]> {
  const path = [folder, process.env["PATH"]].filter((each) => each != null).join(":");
  const program = (name: string): string | null => Bun.which(name, { PATH: path });
  const etcd = program("etcd");
  const redis = program("redis-server");
  const node = program("node");
  const hyperdht = join(folder ?? process.cwd(), "node_modules/hyperdht");
  const systems = [];
  if (etcd !== null) systems.push(await openEtcd(etcd, join(dir, "etcd")));
  else leftOut("etcd");
  if (redis !== null) systems.push(await openRedis(redis, join(dir, "redis")));
  else leftOut("redis-server");
  if (node !== null && existsSync(hyperdht)) {
    systems.push(await openHyperdht([node], hyperdht, join(dir, "hyperdht")));
  } else leftOut("hyperdht");
  return systems;
}
