/**
 * What a peer shows at the beginning of an encrypted connection (TLS 1.3): a certificate of its own, signed by
 * an authority whose key is derived from the secret. So who has the secret can make one and check one, and
 * nobody else; and the peer's own key pair, which nobody else has, is behind what it says.
 */
import { createECDH, createHash } from "node:crypto";
import type { Secret } from "./secret.ts";

/** A peer's own key pair, drawn anew for each run; and the run's name, which follows from it. */
export type OwnKeys = {
  readonly pair: CryptoKeyPair;
  /** Of the private key, as PEM. */
  readonly pem: string;
  /** 16 hexadecimal digits, the beginning of the SHA-256 of the public key: nobody else can have it. */
  readonly instance: string;
};

/** For one secret and one peer, each as PEM. */
export type Credentials = { readonly key: string; readonly cert: string; readonly ca: string };

/** The one name in all certificates: it says nothing of who the peer is. */
export const SERVER_NAME = "p2p";
const CURVE = "P-256";
const SIGNING = { name: "ECDSA", namedCurve: CURVE, hash: "SHA-256" } as const;
/** The certificates last as long as the key: what ends them is another key, and no clock has to be right. */
const VALID = { notBefore: new Date("2020-01-01"), notAfter: new Date("2049-12-31") } as const;
const INSTANCE_DIGITS = 16;

/** Draws a key pair. */
export async function drawOwnKeys(): Promise<OwnKeys> {
  const pair = await crypto.subtle.generateKey(SIGNING, true, ["sign", "verify"]);
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  return { pair, pem: pem("PRIVATE KEY", der), instance: instanceOf(spki) };
}

/** @param spki a public key as it stands in a certificate (DER) @returns the instance id of its owner */
export function instanceOf(spki: Uint8Array): string {
  return createHash("sha256").update(spki).digest("hex").slice(0, INSTANCE_DIGITS);
}

/** Makes the certificates of a peer under a secret. */
export async function credentialsFor(secret: Secret, own: OwnKeys): Promise<Credentials> {
  // The library asks for this, and only rings with a key of their own pay for both.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const authority = await authorityOf(secret);
  const names = { issuer: `CN=${SERVER_NAME} ring`, subject: `CN=${SERVER_NAME}` };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ name: names.issuer, keys: authority, signingAlgorithm: SIGNING, ...VALID },
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const cert = await x509.X509CertificateGenerator.create({
    ...{ ...names, ...VALID, signingAlgorithm: SIGNING },
    publicKey: own.pair.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: SERVER_NAME }]),
    ],
  });
  return { key: own.pem, cert: cert.toString("pem"), ca: ca.toString("pem") };
}

/** The authority's key pair: all who have the secret have the same. */
async function authorityOf(secret: Secret): Promise<CryptoKeyPair> {
  const curve = createECDH("prime256v1");
  const d = secretScalar(secret, curve);
  // The public key without its first byte, which says that both coordinates follow.
  const point = curve.getPublicKey().subarray(1);
  const half = point.length / 2;
  const open = {
    kty: "EC",
    crv: CURVE,
    x: base64(point.subarray(0, half)),
    y: base64(point.subarray(half)),
  };
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("jwk", { ...open, d: base64(d) }, SIGNING, true, ["sign"]),
    crypto.subtle.importKey("jwk", open, SIGNING, true, ["verify"]),
  ]);
  return { privateKey, publicKey };
}

/** One of 2^32 derived numbers is too large for a private key of this curve: then the next is taken. */
function secretScalar(secret: Secret, curve: ReturnType<typeof createECDH>): Uint8Array {
  for (let attempt = 0; ; attempt++) {
    const scalar = secret.derive(`authority ${attempt}`);
    try {
      curve.setPrivateKey(scalar);
      return scalar;
    } catch {}
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
