/** Which lines of a transcript a short view leaves out. Pure. */
import { lines } from "../protocol/model/transcript.ts";

const PINGS = [lines.pingsSent(0, 0), lines.pingReceived(0), lines.pongReceived(0)].map(
  (line) => new RegExp(`^${line.replaceAll("0", "\\d+")}$`),
);

/** True of the lines of a round of pings, which come again and again. */
export function isPingLine(text: string): boolean {
  return PINGS.some((pattern) => pattern.test(text));
}
