/**
 * What both ends of a stream into a closed ring do once they have shown that they have the key: encrypt it, where
 * that is asked for, and find out whose certificate the other has shown.
 */
import type { TLSUpgradeOptions } from "bun";
import { type Credentials, instanceOf, SERVER_NAME } from "../seal/credentials.ts";
import { type Callbacks, type ConnectionHandler, IGNORING, type Wire } from "./connection.ts";

/**
 * Goes on with a socket encrypted; what has come on it so far has been read.
 * @param handler hears `secured` on the socket that takes its place, or `closed`
 */
export function encrypt(
  socket: Wire,
  credentials: Credentials,
  isServer: boolean,
  handlers: Callbacks,
  handler: ConnectionHandler,
): void {
  const options: TLSUpgradeOptions<ConnectionHandler> & { isServer: boolean } = {
    isServer,
    data: handler,
    socket: handlers,
    tls: {
      ...credentials,
      ...{ requestCert: true, rejectUnauthorized: true },
      ...(isServer ? {} : { serverName: SERVER_NAME }),
    },
  };
  socket.data = IGNORING;
  socket.upgradeTLS(options);
}

/** @returns the instance id that belongs to the key at the other end of a socket; null where it has shown none */
export function provenInstance(socket: Wire): string | null {
  // A socket that is not encrypted has no such method, whatever its type says.
  if (!("getPeerX509Certificate" in socket)) return null;
  const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return spki === undefined ? null : instanceOf(spki);
}

/** False where the other end of a socket has shown another's key than that instance's. */
export function mayBe(socket: Wire | null, instance: string): boolean {
  return socket === null || [null, instance].includes(provenInstance(socket));
}
