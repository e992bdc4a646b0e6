/**
 * The one rule for the names of files: asked at every control socket, of what is read from the disk, and of what
 * comes off the wire. What one of them takes, the others take.
 */
import { MAX_NAME_BYTES, NUMBERED_BITS } from "./config.ts";
import { baseName, isConflictName, isFourDigits } from "./files.ts";

/** What keeps a text from being a name. */
type Fault = "empty" | "long" | "broken" | "control" | "dots";

/** Most names: one look, and no character is counted. */
const ASCII = /^[ -~]+$/;

/**
 * True of a name that a file may have in some ring: 1 to MAX_NAME_BYTES of UTF-8, without control characters
 * (C0, DEL and C1, which a terminal would obey), and neither "." nor "..", which no path keeps.
 */
export function isFileName(name: string): boolean {
  return faultOf(name) === null;
}

/**
 * Why no file can be found under that name, in whatever form, as a sentence.
 * @param bits the circle's size: in numbered rings a name is four digits, or a conflict of such; null if unknown
 * @returns null for a good name
 */
export function wrongName(name: string, bits: number | null): string | null {
  const [form = name] = nameForms(name);
  return wrongForm(form, bits);
}

/** Why nothing can be stored under that name. The name of a conflict copy is the ring's to give. */
export function wrongToStore(name: string, bits: number | null): string | null {
  const stored = storedName(name);
  const wrong = wrongForm(stored, bits);
  if (wrong !== null || !isConflictName(stored)) return wrong;
  return `The name ${show(name)} is that of a conflict copy, and nothing can be stored under it: choose another.`;
}

/**
 * The form of a name under which it is stored: NFC (Unicode Standard Annex 15), so that names which look
 * the same are the same.
 */
export function storedName(name: string): string {
  return name.normalize("NFC");
}

/**
 * The forms under which a file may be found: the one it is stored under, then that which was given, and
 * the decomposed one, as earlier versions stored names as they came. Most names have one form only.
 */
export function nameForms(name: string): readonly string[] {
  if (isPlain(name)) return [name];
  const stored = storedName(name);
  const apart = name.normalize("NFD");
  if (stored === name && apart === name) return [name];
  const good = [...new Set([stored, name, apart])].filter(isFileName);
  return good.length > 0 ? good : [name];
}

/** A name as a sentence shows it: quoted, cut where it is long, and with nothing that a terminal would obey. */
export function show(name: string): string {
  const characters = name.length <= 60 ? [] : [...name];
  const short = characters.length <= 60 ? name : `${characters.slice(0, 57).join("")}...`;
  return JSON.stringify(short).replace(HIDDEN, escaped);
}

/** A name as a terminal may show it. */
export function printable(name: string): string {
  return name.search(HIDDEN) < 0 ? name : show(name);
}

/** What is obeyed rather than shown: controls, ends of lines, turns of the direction, and half characters. */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

function wrongForm(name: string, bits: number | null): string | null {
  if (bits === NUMBERED_BITS && !isFourDigits(baseName(name))) {
    return `${show(name)} is no name in a numbered ring: there, names are exactly four digits, such as 2067.`;
  }
  switch (faultOf(name)) {
    case null:
      return null;
    case "empty":
    case "dots":
      return `${show(name)} is no name for a file: choose another.`;
    case "long":
      return `The name ${show(name)} is longer than ${MAX_NAME_BYTES} bytes: choose a shorter one.`;
    case "broken":
      return `${show(name)} is no text in UTF-8: choose another name.`;
    case "control":
      return `The name ${show(name)} has control characters: choose another.`;
  }
}

function isPlain(name: string): boolean {
  return name.length <= MAX_NAME_BYTES && ASCII.test(name);
}

function faultOf(name: string): Fault | null {
  if (name === "." || name === "..") return "dots";
  if (isPlain(name)) return null;
  if (name === "") return "empty";
  if (!name.isWellFormed()) return "broken";
  if (/\p{Cc}/u.test(name)) return "control";
  return bytesOf(name) > MAX_NAME_BYTES ? "long" : null;
}

/** How many bytes a text takes in UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
