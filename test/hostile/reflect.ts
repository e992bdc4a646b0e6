/**
 * `bun test/hostile/reflect.ts [--each]`: has a ring of six asked everything in the name of addresses that have proved
 * nothing, and counts what they are sent in the 10 s after it, by all six together, by datagram and on streams that
 * are opened to them. It takes half a minute; with --each every kind of message has a ring of its own.
 */
import type { Fields } from "../../src/sim/overheard.ts";
import { encode, encodeFrame, type Sender } from "../../src/wire/message.ts";
import type { WireMessage } from "../../src/wire/table.ts";
import { gather } from "../fuzz/peers.ts";
import { type TestRing, withOpenRing } from "../support/test-ring.ts";

const SIX = [2, 4, 8, 14, 19, 27];
const COUNTED_MS = 10_000;
const OF_EACH = 4;
const PORTS_FROM = 31_000;

/** An address that says nothing by itself, and counts what comes. */
class Victim {
  asked = 0;
  datagrams = 0;
  streams = 0;
  connections = 0;
  #close: () => void = () => {};
  #send: (port: number, bytes: Uint8Array) => void = () => {};

  constructor(
    readonly port: number,
    readonly what: string,
  ) {}

  async open(): Promise<this> {
    const hostname = "127.0.0.1";
    const { port } = this;
    const udp = await Bun.udpSocket({
      ...{ hostname, port, binaryType: "uint8array" as const },
      socket: {
        data: (_, bytes) => {
          this.datagrams += bytes.length;
        },
        error() {},
      },
    });
    const listener = Bun.listen({
      ...{ hostname, port },
      socket: {
        open: () => {
          this.connections += 1;
        },
        data: (_, bytes) => {
          this.streams += bytes.length;
        },
        error() {},
      },
    });
    this.#send = (to, bytes) => udp.send(bytes, to, hostname);
    this.#close = () => {
      udp.close();
      listener.stop(true);
    };
    return this;
  }

  datagram(to: number, bytes: Uint8Array): void {
    this.asked += bytes.length;
    this.#send(to, bytes);
  }

  async stream(to: number, ...frames: readonly Uint8Array[]): Promise<void> {
    const socket = await Bun.connect({
      ...{ hostname: "127.0.0.1", port: to },
      socket: {
        data: (_, bytes) => {
          this.streams += bytes.length;
        },
        error() {},
      },
    });
    for (const frame of frames) {
      this.asked += frame.length;
      socket.write(frame);
    }
    await Bun.sleep(50);
    socket.terminate();
  }

  close(): void {
    this.#close();
  }
}

/** A message with one address in the place of all. */
function about(message: WireMessage, address: string): WireMessage {
  const replaced = (value: Fields[string], key: string): Fields[string] => {
    if (key === "address" && typeof value === "string") return address;
    if (Array.isArray(value)) return value.map((each) => replaced(each, ""));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, replaced(v, k)]));
  };
  return replaced(message as Fields, "") as WireMessage;
}

function senderOf(ring: TestRing, port: number): Sender {
  const instance = port.toString(16).padStart(16, "5");
  return { ring: ring.ports.base, id: port % 256, incarnation: 1, instance, state: "alive", port };
}

async function ask(ring: TestRing, victims: Victim[], messages: readonly WireMessage[]) {
  const tag = messages[0]?.tag ?? "";
  for (const channel of ["datagram", "stream"] as const) {
    for (const to of ["one", "all"] as const) {
      const port = PORTS_FROM + victims.length;
      const victim = await new Victim(port, `${tag} by ${channel} to ${to}`).open();
      victims.push(victim);
      const sender = senderOf(ring, port);
      for (const id of to === "one" ? [8] : SIX) {
        for (const message of messages) {
          const told = about(message, `127.0.0.1:${port}`);
          if (channel === "datagram") victim.datagram(ring.ports.base + id, encode(told, sender));
          else {
            const hello = encodeFrame({ tag: "hello", beat: 1 }, sender);
            await victim.stream(ring.ports.base + id, hello, encodeFrame(told, sender));
          }
        }
      }
    }
  }
}

/** @returns how many got more than was asked in their name */
async function play(sets: readonly (readonly WireMessage[])[]): Promise<number> {
  let worse = 0;
  await withOpenRing(async (ring) => {
    for (const name of ["4100", "4101", "4102"]) {
      ring.file(name, 2_000);
      await ring.run("store", `${name}.pdf`, "--peer", 8);
    }
    const victims: Victim[] = [];
    for (const messages of sets) await ask(ring, victims, messages);
    await Bun.sleep(COUNTED_MS);
    for (const { what, asked, datagrams, streams, connections } of victims) {
      const got = datagrams + streams;
      if (got > asked) worse += 1;
      if (got > 0) {
        console.log(
          `${got > asked ? "MORE " : ""}${what}: asked ${asked}, datagrams ${datagrams}, streams ${streams} on ${connections}`,
        );
      }
    }
    for (const victim of victims) victim.close();
    await ring.calm();
  }, SIX);
  return worse;
}

const { overheard } = gather(2);
const sets = overheard.tags.map((tag) => overheard.latest(tag, OF_EACH));
const rings = process.argv.includes("--each") ? sets.map((set) => [set]) : [sets];
let worse = 0;
for (const each of rings) worse += await play(each);
console.log(`${worse} of ${sets.length * 4} got more than was asked in their name`);
process.exitCode = worse === 0 ? 0 : 1;
