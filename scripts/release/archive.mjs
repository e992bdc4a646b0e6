// Archives that are the same to the byte each time: files in the order given, without times, owners or
// anything else of the machine that packs them. The form is that of POSIX (ustar).
import { constants, gzipSync } from "node:zlib";

const BLOCK = 512;

/**
 * @param {readonly { path: string, bytes: Buffer, executable?: boolean }[]} files paths of at most 100 bytes
 * @returns {Buffer} a `.tar.gz`
 */
export function tarGz(files) {
  const blocks = files.flatMap(({ path, bytes, executable = false }) => [
    header(path, bytes.length, executable ? 0o755 : 0o644),
    bytes,
    Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ]);
  const tar = Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
  const packed = gzipSync(tar, { level: constants.Z_BEST_COMPRESSION });
  // Its header would name the system that packed it; 255 is "unknown". The time there is 0 already.
  packed[9] = 255;
  return packed;
}

function header(path, size, mode) {
  if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long a name for an archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value, length) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(" ".repeat(8), 148);
  block.write("0", 156);
  block.write("ustar\0", 257);
  block.write("00", 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
