/** What this very program is and where it came from. */

/** Put in by the compiler (scripts/toolchain.mjs); neither is there where the source itself is run. */
declare const P2P_COMMIT: string | undefined;
declare const P2P_TARGET: string | undefined;

/** What `p2p --version --json` says. */
export type Build = {
  readonly version: string;
  /** That it was compiled from, with `-changed` behind it if files were not as committed; null if unknown. */
  readonly commit: string | null;
  /** The runtime inside. */
  readonly bun: string;
  /** What it was built for, as in the names of a release's files: linux-x64-baseline. */
  readonly platform: string;
};

/** @param version the program's own */
export function buildOf(version: string): Build {
  return {
    version,
    commit: typeof P2P_COMMIT === "undefined" ? null : P2P_COMMIT,
    bun: Bun.version,
    platform: platformOf(),
  };
}

/** A build in a few words: `0.2.0 (1a2b3c4d5)`. */
export function sayBuild({ version, commit }: Pick<Build, "version" | "commit">): string {
  return commit === null ? version : `${version} (${commit.replace(/^(.{9})[0-9a-f]*/, "$1")})`;
}

/** The target of a release that is this program, or would be. */
export function platformOf(): string {
  if (typeof P2P_TARGET !== "undefined") return P2P_TARGET;
  return `${process.platform}-${process.arch}`;
}
