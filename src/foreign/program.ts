/** All processes of somebody else's program: started in one working folder, and ended with all that they started. */
import { randomUUID } from "node:crypto";
import { endAll, type Origin, TAG } from "./hunt.ts";
import { type PeerVoice, ProgramPeer } from "./peer.ts";
import { asUser, type User } from "./user.ts";

export type ProgramPlan = {
  /** The program and its first arguments; `{}` in a word stands for the working folder. */
  readonly command: readonly string[];
  readonly dir: string;
  /** Nobody else works in that folder: whatever process does is the program's. */
  readonly ownFolder: boolean;
  /** At a terminal each, rather than at pipes. */
  readonly terminal: boolean;
  /** Who it runs as; null for whoever started this process. */
  readonly user: User | null;
  /** See `isOwnWorld`. */
  readonly ownWorld: boolean;
};

export class Program {
  /** The last one of each id that was started. */
  readonly peers = new Map<number, ProgramPeer>();
  private readonly leaders: number[] = [];
  private readonly former: ProgramPeer[] = [];
  private readonly tag = randomUUID();

  constructor(
    private readonly plan: ProgramPlan,
    private readonly voice: PeerVoice,
  ) {}

  /**
   * @param args what comes behind the program's own words
   * @throws Failure if the program cannot be run
   */
  start(id: number, args: readonly (string | number)[]): ProgramPeer {
    const { command, dir, terminal, user } = this.plan;
    const words = command.map((word) => word.replaceAll("{}", dir));
    const peer = new ProgramPeer(
      id,
      {
        command: [...asUser(user), ...words, ...args.map(String)],
        cwd: dir,
        env: programEnvironment(this.tag),
        terminal,
      },
      this.voice,
    );
    const former = this.peers.get(id);
    if (former !== undefined) this.former.push(former);
    this.peers.set(id, peer);
    this.leaders.push(peer.pid);
    return peer;
  }

  /** True where something runs that has printed nothing at all. */
  get silent(): boolean {
    const peers = [...this.peers.values()];
    return peers.some(({ running }) => running) && peers.every(({ printed }) => printed === 0);
  }

  /** Ends all that was started. Never rejects. @returns how many processes would not go */
  async kill(): Promise<number> {
    for (const peer of this.peers.values()) peer.kill();
    const { tag, leaders } = this;
    const { dir, ownFolder, ownWorld } = this.plan;
    const origin: Origin = { tag, dir: ownFolder ? dir : null, leaders };
    return await endAll(origin, ownWorld);
  }

  /** As `kill`, and lets go of what they were read and written by. */
  async close(): Promise<number> {
    const left = await this.kill();
    for (const peer of [...this.former, ...this.peers.values()]) peer.close();
    return left;
  }
}

/**
 * What a program of this kind needs is left to it; that of p2p and of a runner is not its business. Python
 * prints at once with it.
 */
function programEnvironment(tag: string): Record<string, string | undefined> {
  const { CI: _, FORCE_COLOR: __, P2P_DEBUG: ___, ...env } = process.env;
  return { PYTHONUNBUFFERED: "1", NO_COLOR: "1", PYTHONDONTWRITEBYTECODE: "1", ...env, [TAG]: tag };
}
