/** The one list of what can be fuzzed. */
import { openDisk } from "./disk.ts";
import { knownOf } from "./found.ts";
import { openFrames } from "./frames.ts";
import { openLies } from "./lies.ts";
import type { Target } from "./target.ts";
import { openWire } from "./wire.ts";

export const TARGETS: Readonly<Record<string, () => Target | Promise<Target>>> = {
  wire: () => openWire(knownOf("wire")),
  frames: () => openFrames(),
  lies: () => openLies(),
  disk: () => openDisk(knownOf("disk")),
  // These start the compiled program, and cannot even be loaded where it is not built.
  start: async () => (await import("./start.ts")).openStart(),
  control: async () => (await import("./control.ts")).openControl(),
  cli: async () => (await import("./cli.ts")).openCli(),
};
