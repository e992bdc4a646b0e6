/** Writes the file of a run, line by line. What is about to be broken is on the disk before it is. */
import { closeSync, fdatasync, openSync, writeSync } from "node:fs";
import type { PeerSnapshot } from "../checks/ring.ts";
import { epochNow } from "../control/types.ts";
import { Failure } from "../protocol/model/failure.ts";
import type { RunLine } from "./run-lines.ts";

export class RunWriter {
  /** All that was written, for the verdict. */
  readonly lines: RunLine[] = [];
  private readonly fd: number | null;
  private isOver = false;

  /**
   * @param path null where the lines are wanted for the verdict alone
   * @throws Failure if the file cannot be made
   */
  constructor(private readonly path: string | null) {
    try {
      this.fd = path === null ? null : openSync(path, "w", 0o644);
    } catch (error) {
      throw unwritten(path, error);
    }
  }

  /** What comes behind the verdict is left out. @throws Failure if the disk does not take it */
  write(line: RunLine): void {
    if (this.isOver) return;
    this.isOver = line.type === "verdict";
    this.lines.push(line);
    if (this.fd === null) return;
    try {
      writeSync(this.fd, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw unwritten(this.path, error);
    }
  }

  /** How it stands at each peer. @throws Failure if the disk does not take it */
  writeViews(peers: readonly PeerSnapshot[]): void {
    for (const { id: peer, successors, predecessors } of peers) {
      this.write({ type: "view", at: epochNow(), peer, successors, predecessors });
    }
  }

  /** Resolves when it is durable. @throws Failure if the disk does not take it */
  async writeFirst(line: RunLine): Promise<void> {
    this.write(line);
    const { fd } = this;
    if (fd === null || this.isOver) return;
    await new Promise<void>((resolve, reject) => {
      fdatasync(fd, (error) => (error ? reject(unwritten(this.path, error)) : resolve()));
    });
  }

  close(): void {
    this.isOver = true;
    if (this.fd !== null) closeSync(this.fd);
  }
}

function unwritten(path: string | null, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  return new Failure(`${path} could not be written: ${why}.`);
}
