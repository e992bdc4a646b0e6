/** Peers of one ring with drawn ids, each in a working folder of its own, as on machines of their own. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlClient } from "../../src/control/client.ts";
import { readLivingProcess } from "../../src/store/process-file.ts";
import { unrest } from "./calm.ts";
import { PeerProcess } from "./peer-process.ts";
import { claimPorts } from "./ports.ts";
import { PROGRAM } from "./program.ts";
import { Wake } from "./wake.ts";

export class Apart {
  readonly peers = new Map<number, PeerProcess>();
  readonly wake = new Wake();
  private readonly dir = mkdtempSync(join(tmpdir(), "p2p-apart-"));

  private constructor(
    private readonly ports: Awaited<ReturnType<typeof claimPorts>>,
    private readonly program: readonly string[],
  ) {}

  /** Claims its ports. @param program what is run: the compiled program, if nothing else is named */
  static async make(program: readonly string[] = [PROGRAM]): Promise<Apart> {
    return new Apart(await claimPorts(), program);
  }

  /** The working folder of a peer. */
  home(i: number): string {
    const home = join(this.dir, `home-${i}`);
    mkdirSync(home, { recursive: true });
    return home;
  }

  /** The port of the peer in a home. */
  port(i: number): number {
    return this.ports.base + i;
  }

  folder(i: number): string {
    return join(this.home(i), ".p2p/peer");
  }

  control(i: number) {
    return controlClient(this.folder(i));
  }

  peer(i: number): PeerProcess {
    const peer = this.peers.get(i);
    if (peer === undefined) throw new Error(`there is no peer in home ${i}`);
    return peer;
  }

  /** Peer 0 founds the ring, and the others join through it, one after the other. */
  async begin(count: number): Promise<void> {
    await this.found();
    for (let i = 1; i < count; i++) await this.join(i);
  }

  async found(): Promise<PeerProcess> {
    const peer = this.start(0, "init");
    await peer.waitFor(/^p2p join /);
    await this.shown(0);
    return peer;
  }

  async join(i: number, through = 0): Promise<PeerProcess> {
    const peer = this.start(i, "join", `127.0.0.1:${this.ports.base + through}`);
    await peer.waitFor(/has been accepted$/);
    await this.shown(i);
    return peer;
  }

  /** Waits until commands find a peer by its folder. */
  async shown(i: number): Promise<void> {
    const look = () => readLivingProcess(this.folder(i))?.processFile ?? null;
    await this.wake.until(`the process file of the peer in home ${i}`, 20_000, look);
  }

  start(i: number, ...args: readonly string[]): PeerProcess {
    const all = [...args, "--port", this.ports.base + i];
    const peer = new PeerProcess(
      { program: this.program, args: all, cwd: this.home(i) },
      this.wake,
    );
    this.peers.set(i, peer);
    return peer;
  }

  /** Waits until these are one whole ring in calm. */
  async whole(...peers: readonly number[]): Promise<void> {
    let why = "";
    const look = async () => {
      why = await unrest(peers.map((i) => this.folder(i)));
      return why === "" ? true : null;
    };
    await this.wake.until(`a whole ring of ${peers.length}`, 60_000, look, () => why);
  }

  async close(): Promise<void> {
    await Promise.all([...this.peers.values()].map((peer) => peer.kill()));
    this.ports.release();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
