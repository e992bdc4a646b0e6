/** What `p2p doctor` looks at in the network: ports, datagrams, and whether the way to others is open. */
import { networkInterfaces } from "node:os";
import { findPeers } from "../control/find.ts";
import { inTime } from "../control/waiting.ts";
import { Failure } from "../protocol/model/failure.ts";
import { errorCode } from "../store/durable.ts";
import type { DoctorOptions, Finding } from "./finding.ts";
import { CONNECT_MS, DATAGRAM_MS, MAX_ADDRESSES } from "./limits.ts";

/** The largest that peers send; what is larger goes by stream. */
const DATAGRAM_BYTES = 1_200;

export async function lookAtPorts({ host, port }: DoctorOptions): Promise<Finding[]> {
  const check = "ports";
  const streams = listenable(host, port);
  const datagrams = await bindable(host, port);
  const why = streams ?? datagrams;
  if (why === null) {
    const found = `${port} of ${host} is free, for streams and for datagrams`;
    return [{ check, verdict: "ok", found, advice: null }];
  }
  if (why !== "EADDRINUSE") {
    const found = `${host} cannot be listened on (${why})`;
    const advice = "give an address of this machine with --host, and a port from 1024 on";
    return [{ check, verdict: "wrong", found, advice }];
  }
  const own = ownPeerAt(port);
  if (own !== null) {
    const found = `${port} of ${host} is that of your peer ${own}, which runs`;
    return [{ check, verdict: "ok", found, advice: null }];
  }
  const kind = streams === null ? "datagrams" : "streams";
  const found = `${port} of ${host} is in use by another program, for ${kind}`;
  const advice = "stop that, or start a peer with another --port (numbered ones: --base-port)";
  return [{ check, verdict: "warning", found, advice }];
}

function ownPeerAt(port: number): number | null {
  try {
    return findPeers(process.cwd()).find((peer) => peer.port === port)?.id ?? null;
  } catch {
    return null;
  }
}

/** @returns null, or the system's word for why not */
function listenable(hostname: string, port: number): string | null {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return null;
  } catch (error) {
    return errorCode(error);
  }
}

async function bindable(hostname: string, port: number): Promise<string | null> {
  try {
    (await Bun.udpSocket({ hostname, port })).close();
    return null;
  } catch (error) {
    return errorCode(error);
  }
}

export async function lookAtUdp({ host }: DoctorOptions): Promise<Finding[]> {
  const check = "UDP";
  const why = await datagramTo(host);
  if (why === null) {
    const found = `a datagram of ${DATAGRAM_BYTES} bytes comes through at ${host}`;
    return [{ check, verdict: "ok", found, advice: null }];
  }
  const advice = `let UDP through at ${host}: a ring works without, by TCP alone, and is slower to notice a death`;
  return [
    { check, verdict: "warning", found: `no datagram comes through at ${host} (${why})`, advice },
  ];
}

/** From this machine to itself. @returns null, or why not */
async function datagramTo(hostname: string): Promise<string | null> {
  const came = Promise.withResolvers<null>();
  const sockets: { close(): void }[] = [];
  try {
    const to = await Bun.udpSocket({
      hostname,
      port: 0,
      socket: {
        data: (_, { length }) => {
          if (length === DATAGRAM_BYTES) came.resolve(null);
        },
        error() {},
      },
    });
    sockets.push(to);
    const from = await Bun.udpSocket({ hostname, port: 0, socket: { error() {} } });
    sockets.push(from);
    from.send(new Uint8Array(DATAGRAM_BYTES), to.port, hostname);
    const late = () => new Failure(`nothing came in ${DATAGRAM_MS} ms`);
    return await inTime(came.promise, DATAGRAM_MS, late);
  } catch (error) {
    return error instanceof Failure ? error.message : errorCode(error);
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** What is kept out from elsewhere can only be seen from there: hence the address of a peer. */
export async function lookAtFirewall({ peer }: DoctorOptions): Promise<Finding[]> {
  const check = "firewall";
  const own = await Promise.all(
    addresses().map(async (address) => ({ address, why: await reached(address, null) })),
  );
  const closed = own.find(({ why }) => why !== null);
  const findings: Finding[] = [];
  if (closed !== undefined) {
    const found = `this machine does not reach itself at ${closed.address} (${closed.why})`;
    const advice = "have its firewall let TCP and UDP in at the ports of peers";
    findings.push({ check, verdict: "warning", found, advice });
  } else {
    const where = own.length === 0 ? "it has no address but its own" : "it reaches itself at each";
    const found = `${where}; what others reach is seen from there: p2p doctor HOST:PORT`;
    findings.push({ check, verdict: "ok", found, advice: null });
  }
  if (peer === null) return findings;
  const name = `${peer.host}:${peer.port}`;
  const why = await reached(peer.host, peer.port);
  if (why === null) {
    const found = `something listens at ${name}, and takes connections`;
    return [...findings, { check, verdict: "ok", found, advice: null }];
  }
  const refused = why === "ECONNREFUSED";
  const found = `${name} ${refused ? "refuses connections" : `cannot be reached (${why})`}`;
  const advice = refused
    ? "start the peer there with --host and an address that others reach"
    : "look whether that machine is on, and its firewall lets TCP and UDP in at that port";
  return [...findings, { check, verdict: "wrong", found, advice }];
}

function addresses(): string[] {
  return Object.values(networkInterfaces())
    .flat()
    .flatMap((each) => (each === undefined || each.internal ? [] : each))
    .filter(({ family }) => family === "IPv4")
    .map(({ address }) => address)
    .slice(0, MAX_ADDRESSES);
}

/** @param port null for one that is listened on for that. @returns null, or why not */
async function reached(hostname: string, port: number | null): Promise<string | null> {
  const closing: { stop?(now: boolean): void; end?(): void }[] = [];
  try {
    const listener =
      port === null ? Bun.listen({ hostname, port: 0, socket: { data() {} } }) : null;
    if (listener !== null) closing.push(listener);
    const dialled = Bun.connect({
      hostname,
      port: port ?? listener?.port ?? 0,
      socket: { data() {} },
    });
    // It may come after its time.
    void dialled.then(
      (socket) => socket.end(),
      () => {},
    );
    await inTime(dialled, CONNECT_MS, () => new Failure(`no answer in ${CONNECT_MS / 1000} s`));
    return null;
  } catch (error) {
    return error instanceof Failure ? error.message : errorCode(error);
  } finally {
    for (const each of closing) each.stop?.(true);
  }
}
