/** What the commands that talk to a running peer do. */
export type { PeerChoice } from "./find.ts";
export { showHealth } from "./health.ts";
export { listFiles, removeFile, scrubPeer, whereIsFile } from "./keeping.ts";
export { requestFile } from "./requesting.ts";
export { showStatus } from "./status.ts";
export { storeFile } from "./storing.ts";
