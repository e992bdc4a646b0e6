/** Which paths a data folder may have. */
import { Failure } from "../protocol/model/failure.ts";
import { MAX_FOLDER_PATH_BYTES } from "./limits.ts";

/** @throws Failure if the path is too long to work below it */
export function checkFolderPath(dir: string): void {
  const bytes = Buffer.byteLength(dir);
  if (bytes <= MAX_FOLDER_PATH_BYTES) return;
  const short = `${dir.slice(0, 30)}...${dir.slice(-30)}`;
  throw new Failure(
    `The path of the data folder, ${short}, has ${bytes} bytes, and ${MAX_FOLDER_PATH_BYTES} are the most: choose a shorter one with --data (--dir for a ring), or work in another folder.`,
  );
}
