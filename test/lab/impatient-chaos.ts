/** `p2p chaos` with another program as its peers, and less patience: PROGRAM BASE-PORT LIMIT-MS. */
import { runChaos } from "../../src/lab/chaos.ts";

const [peerProgram = "", basePort = "", limitMs = ""] = process.argv.slice(2);
const options = {
  kills: 3,
  forMs: null,
  everyMs: 100,
  seed: 7,
  loseDisks: false,
  dryRun: false,
  json: true,
  dir: null,
  own: true,
  basePort: Number(basePort),
  ids: [2, 4, 5, 8, 9, 14, 19, 30],
  copies: null,
  load: 4,
  workload: null,
  execClient: null,
  junit: null,
  page: null,
  log: null,
  limits: {},
  corpus: {},
  peerProgram,
};
process.exitCode = await runChaos(options, Number(limitMs));
