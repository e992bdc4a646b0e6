/** The hash of a content as it passes by. */

/** SHA-256 over pieces in order. An implementation may work elsewhere, hence the promise. */
export type ContentHash = {
  /** Takes the next bytes; they may be overwritten after the return, or once the promise is kept. */
  update(bytes: Uint8Array): void | Promise<void>;
  /** @returns 64 lower-case hexadecimal digits; called once, last */
  digest(): string | Promise<string>;
};

/** Hashes in this thread. */
export function inlineHash(): ContentHash {
  const hasher = new Bun.CryptoHasher("sha256");
  return {
    update: (bytes) => {
      hasher.update(bytes);
    },
    digest: () => hasher.digest("hex"),
  };
}
