/** Taking one port number for datagrams and streams alike, or saying in a sentence why not. */
import { lookup } from "node:dns/promises";
import type { TCPSocketListener } from "bun";
import { Failure } from "../protocol/model/failure.ts";
import { formatAddress, ipFamily } from "../wire/address.ts";
import type { Callbacks, ConnectionHandler } from "./connection.ts";
import { type Datagrams, type DatagramsOptions, openDatagrams } from "./datagrams.ts";
import { FREE_PORT_ATTEMPTS, RESOLVE_DEADLINE_MS } from "./limits.ts";

export type BindOptions = DatagramsOptions & {
  readonly handlers: Callbacks;
  /** Hears each new connection's opening. */
  readonly acceptor: ConnectionHandler;
};

export type Bound = {
  readonly listener: TCPSocketListener<ConnectionHandler>;
  readonly datagrams: Datagrams;
};

/** @throws Failure that names the port, or the host */
export async function bindBoth(options: BindOptions): Promise<Bound> {
  for (let attempt = 1; ; attempt++) {
    const listener = listen(options);
    try {
      return { listener, datagrams: await openDatagrams({ ...options, port: listener.port }) };
    } catch (error) {
      listener.stop(true);
      const again = options.port === 0 && attempt < FREE_PORT_ATTEMPTS;
      if (!again) throw failureOf(error, options.host, listener.port, "UDP");
    }
  }
}

/**
 * Finds the numeric address of a host.
 * @param like an address of the family that is wanted, where there is a choice
 * @throws Failure that names the host
 */
export async function resolveHost(host: string, like?: string): Promise<string> {
  if (ipFamily(host) !== 0) return host;
  const family = like === undefined ? 0 : ipFamily(like);
  let deadline: Timer | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      deadline = setTimeout(reject, RESOLVE_DEADLINE_MS);
    });
    return (await Promise.race([lookup(host, { family }), late])).address;
  } catch {
    throw new Failure(`The host ${host} is unknown: check the name, or give its address.`);
  } finally {
    clearTimeout(deadline);
  }
}

function listen(options: BindOptions): TCPSocketListener<ConnectionHandler> {
  const { host, port, handlers, acceptor } = options;
  try {
    return Bun.listen<ConnectionHandler>({
      hostname: host,
      port,
      socket: handlers,
      data: acceptor,
    });
  } catch (error) {
    throw failureOf(error, host, port, "TCP");
  }
}

function failureOf(error: unknown, host: string, port: number, kind: "TCP" | "UDP"): Failure {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const where = formatAddress(host, port);
  if (code === "EADDRINUSE") {
    return new Failure(
      `Port ${port} is taken on ${host} (${kind}): stop what uses it, or listen elsewhere (--base-port for a numbered peer, --port for another).`,
    );
  }
  if (code === "EACCES") {
    return new Failure(`Not allowed to listen on ${where}: choose a port above 1023.`);
  }
  if (code === "EADDRNOTAVAIL") {
    return new Failure(`Cannot listen on ${where}: ${host} is no address of this machine.`);
  }
  const why = error instanceof Error ? error.message : String(error);
  return new Failure(`Cannot listen on ${where} (${kind}): ${why}.`);
}
