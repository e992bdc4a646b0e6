/** `p2p doctor`: whether a peer can work on this machine. */
import { parseHostPort } from "./cli/address.ts";
import { buildOf, sayBuild } from "./cli/build.ts";
import { type Command, command } from "./cli/command.ts";
import { JSON_ARG } from "./cli/shared.ts";
import { optional, parsePort } from "./cli/values.ts";

const DEFAULT_PORT = 12_256;

/** @param version of this program */
export function examining(version: string): Command {
  return command({
    name: "doctor",
    args: {
      "host:port": {
        type: "positional",
        required: false,
        description: "a peer elsewhere that is to be reached from here",
      },
      host: { type: "string", description: "the address to listen on (default 127.0.0.1)" },
      port: { type: "string", description: `the port of a peer (default ${DEFAULT_PORT})` },
      data: { type: "string", valueHint: "DIR", description: "its data folder (default .p2p)" },
      ...JSON_ARG,
    },
    forms: [[], ["HOST:PORT"]],
    examples: [
      ["p2p doctor", "ports, UDP, clock, disk, descriptors, versions, firewall"],
      ["p2p doctor 192.0.2.7:12256", "the same, and whether that peer can be reached"],
      ["p2p doctor --json", "for a program to read"],
    ],
    async run(args) {
      const peer = optional(parseHostPort, "HOST:PORT", args["host:port"]);
      const { runDoctor } = await import("../machine/doctor.ts");
      const own = buildOf(version);
      return await runDoctor({
        host: args.host ?? "127.0.0.1",
        port: optional(parsePort, "--port", args.port) ?? DEFAULT_PORT,
        data: args.data ?? ".p2p",
        peer,
        build: `${sayBuild(own)} for ${own.platform}, with Bun ${own.bun}`,
        json: args.json === true,
      });
    },
  });
}
