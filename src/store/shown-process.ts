/** A peer shows that it lives, by a file in its folder, as soon as the disk has room for that. */
import { isDiskTrouble } from "./disk.ts";
import { PROCESS_FILE_RETRY_MS } from "./limits.ts";
import { processStart } from "./process.ts";
import { type PeerProcess, writeProcessFile } from "./process-file.ts";

/** The process file of a peer: shown as soon as the disk takes it. */
export class ShownProcess {
  #retry: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly dir: string) {}

  show(processFile: PeerProcess): void {
    this.close();
    if (showProcessFile(this.dir, processFile)) return;
    this.#retry = setInterval(() => {
      if (isShown(this.dir, processFile)) this.close();
    }, PROCESS_FILE_RETRY_MS);
  }

  close(): void {
    clearInterval(this.#retry);
  }
}

function isShown(dir: string, processFile: PeerProcess): boolean {
  try {
    return showProcessFile(dir, processFile);
  } catch {
    return false;
  }
}

/** @returns false if the disk has no room for it. @throws other errors of the system */
export function showProcessFile(dir: string, processFile: PeerProcess | null): boolean {
  try {
    writeProcessFile(dir, process.pid, processStart(process.pid) ?? "unknown", processFile);
    return true;
  } catch (error) {
    if (isDiskTrouble(error)) return false;
    throw error;
  }
}
