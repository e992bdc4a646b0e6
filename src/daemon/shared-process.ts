/**
 * Several peers of a ring in one process, for a lab that has more of them than this machine can run processes.
 * Each has folder, sockets and control socket of its own. To kill one is emulated: its sockets are closed at once,
 * nothing that waits is sent, it says no word, and its folder is free a moment later.
 */

import { LAB_FAULTS_VARIABLE, LAB_TOKEN_VARIABLE } from "../control/lab.ts";
import { readOrder, type SharedNews, type SharedOrder } from "../control/shared-peers.ts";
import { EXIT_BUG, Failure } from "../protocol/model/failure.ts";
import { SharedViews } from "../protocol/model/view.ts";
import { EXIT_KILLED } from "./live.ts";
import type { Lines, Surroundings } from "./surroundings.ts";

type Resident = { readonly killed: AbortController; quit: (() => void) | null };

export class SharedProcess {
  private readonly residents = new Map<number, Resident>();
  private readonly views = new SharedViews();

  /**
   * @param peers how many there will be at most
   * @param run runs the peer of a command line; resolves with its exit code
   * @param tell is given what happens, in order
   */
  constructor(
    private readonly peers: number,
    private readonly run: (words: readonly string[], around: Surroundings) => Promise<number>,
    private readonly tell: (news: SharedNews) => void,
  ) {}

  /** Does what a lab says. What makes no sense is passed over: the lab is of the same program. */
  obey(line: string): void {
    const order = readOrder(line);
    if (order === null) return;
    const resident = this.residents.get(order.id);
    if (order.order === "start") {
      if (resident === undefined) void this.start(order);
    } else if (order.order === "kill") resident?.killed.abort();
    else resident?.quit?.();
  }

  private async start({ id, words, faults }: SharedOrder & { order: "start" }): Promise<void> {
    const resident: Resident = { killed: new AbortController(), quit: null };
    this.residents.set(id, resident);
    const { signal } = resident.killed;
    const code = await this.run(words, this.around(id, resident, faults)).catch((error) => {
      if (!signal.aborted) this.tell({ id, note: sentenceOf(error) });
      return error instanceof Failure ? error.exitCode : EXIT_BUG;
    });
    this.residents.delete(id);
    this.tell({ id, ended: true, code: signal.aborted || code === EXIT_KILLED ? null : code });
  }

  private around(id: number, resident: Resident, faults: string): Surroundings {
    const { signal } = resident.killed;
    const lines = (key: "line" | "note"): Lines => ({
      write: (text, fold) => {
        // What a ring would fold away need not come that far; and the dead say nothing.
        if (fold || signal.aborted) return;
        this.tell(key === "line" ? { id, line: text } : { id, note: text });
      },
      flush() {},
    });
    return {
      environment: {
        [LAB_TOKEN_VARIABLE]: process.env[LAB_TOKEN_VARIABLE],
        [LAB_FAULTS_VARIABLE]: faults,
      },
      transcript: () => lines("line"),
      notes: () => lines("note"),
      views: this.views,
      peers: this.peers,
      onTerminate: (quit) => {
        resident.quit = quit;
        return () => {
          resident.quit = null;
        };
      },
      killed: signal,
    };
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof Failure) return error.message;
  return `Unexpected error: ${error instanceof Error ? error.message : String(error)} (a bug in p2p)`;
}
