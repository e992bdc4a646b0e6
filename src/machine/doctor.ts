/**
 * `p2p doctor`: whether a peer can work on this machine, looked at one by one: what was found, and what to do
 * where it is not well.
 */
import { EXIT_FAILED } from "../protocol/model/failure.ts";
import type { DoctorOptions, Finding } from "./finding.ts";
import { lookAtClock, lookAtDescriptors, lookAtDisk, lookAtVersions } from "./looks.ts";
import { lookAtFirewall, lookAtPorts, lookAtUdp } from "./network-looks.ts";

/** @returns 0 if a peer can work here, 1 if something is wrong */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const findings: Finding[] = [];
  // One after the other: the clock is watched, too.
  for (const look of [
    lookAtPorts,
    lookAtUdp,
    lookAtClock,
    lookAtDisk,
    lookAtDescriptors,
    lookAtVersions,
    lookAtFirewall,
  ]) {
    findings.push(...(await look(options)));
  }
  const well = findings.every(({ verdict }) => verdict !== "wrong");
  if (options.json) console.log(JSON.stringify({ v: 1, well, findings }));
  else for (const line of findings.flatMap(told)) console.log(line);
  return well ? 0 : EXIT_FAILED;
}

function told({ check, verdict, found, advice }: Finding): string[] {
  const line = `${verdict.padEnd(7)}  ${check.padEnd(11)}  ${found}`;
  return advice === null ? [line] : [line, `${" ".repeat(22)}${advice}`];
}
