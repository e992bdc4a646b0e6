import { describe, expect, test } from "bun:test";
import { Keyring } from "../../src/seal/keyring.ts";
import { WINDOW } from "../../src/seal/limits.ts";
import {
  isOpening,
  isProof,
  makeAnswer,
  makeOpening,
  makeProof,
  readAnswer,
  readOpening,
} from "../../src/seal/opening.ts";
import { Run, senderOf } from "../../src/seal/run.ts";
import { Sealing } from "../../src/seal/sealing.ts";
import { Secret, type SecretKind } from "../../src/seal/secret.ts";
import { Window } from "../../src/seal/window.ts";

const secretOf = (fill: number, kind: SecretKind = "ring"): Secret =>
  new Secret(kind, new Uint8Array(32).fill(fill));
const [A, B, C] = ["00000000000000aa", "00000000000000bb", "00000000000000cc"] as const;
const bytesOf = (run: string): Uint8Array => Buffer.from(run, "hex");
const hello = new TextEncoder().encode("hello");

test("a number is taken once, in whatever order, and not when it is too old", () => {
  const window = new Window();
  const order = [0, 3, 1, WINDOW + 5, 2, 5, WINDOW + 4, 6, 3 * WINDOW, 2 * WINDOW];
  const taken = order.filter((number) => {
    const isNew = window.isNew(number);
    if (isNew) window.take(number);
    return isNew;
  });
  // 5 and 2 are older than the window is long; 6 is not.
  expect(taken).toEqual([0, 3, 1, WINDOW + 5, WINDOW + 4, 6, 3 * WINDOW]);
  for (const number of taken) expect(window.isNew(number)).toBe(false);
  expect(window.isNew(3 * WINDOW - 1)).toBe(true);
});

describe.each(["ring", "user"] as const)("a datagram under a secret of the kind %s", (kind) => {
  const secret = secretOf(1, kind);
  const sealed = (): Uint8Array => new Run(bytesOf(A), bytesOf(B)).seal(hello, secret);

  test("is opened by whom it is for, once", () => {
    const receiver = new Run(bytesOf(B), bytesOf(A));
    const datagram = sealed();
    expect(senderOf(datagram)).toBe(A);
    expect(receiver.open(datagram, [secretOf(2, kind), secret])).toEqual(Buffer.from(hello));
    expect(receiver.open(datagram, [secret])).toBeNull();
  });

  test("is opened by nobody else, and under no other secret", () => {
    expect(new Run(bytesOf(C), bytesOf(A)).open(sealed(), [secret])).toBeNull();
    expect(new Run(bytesOf(B), bytesOf(C)).open(sealed(), [secret])).toBeNull();
    const other = kind === "ring" ? "user" : "ring";
    const others = [secretOf(2, kind), secretOf(1, other)];
    expect(new Run(bytesOf(B), bytesOf(A)).open(sealed(), others)).toBeNull();
  });
});

test("a sealed datagram of which one bit is another is opened by nobody", () => {
  const secret = secretOf(1);
  const datagram = new Run(bytesOf(A), bytesOf(B)).seal(hello, secret);
  for (let bit = 0; bit < datagram.length * 8; bit++) {
    const changed = Uint8Array.from(datagram);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(new Run(bytesOf(B), bytesOf(A)).open(changed, [secret])).toBeNull();
  }
});

describe("an opening", () => {
  const secret = secretOf(1);
  const own = ["10.0.0.1:1", "10.0.0.2:1"];

  test("shows who calls whom, and its answer who was called", () => {
    const { bytes, nonce } = makeOpening(secret, "10.0.0.2:1");
    const opening = readOpening(bytes);
    if (opening === null) throw new Error("not read");
    expect(isOpening(opening, secret, own)).toBe(true);
    expect(isOpening(opening, secret, ["10.0.0.3:1"])).toBe(false);
    expect(isOpening(opening, secretOf(2), own)).toBe(false);
    for (const standing of [null, "rotated", "expired", "used"] as const) {
      const answer = makeAnswer(secret, opening, standing);
      expect(readAnswer(answer.bytes, secret, nonce)).toEqual({ standing, nonce: answer.nonce });
      expect(readAnswer(answer.bytes, secretOf(2), nonce)).toBeNull();
      expect(readAnswer(answer.bytes, secret, makeOpening(secret, "10.0.0.2:1").nonce)).toBeNull();
      const proof = makeProof(secret, nonce, answer.nonce);
      expect(isProof(proof, secret, nonce, answer.nonce)).toBe(true);
      expect(isProof(proof, secret, answer.nonce, nonce)).toBe(false);
    }
  });

  test("is answered once", () => {
    const keyring = new Keyring({ secret, credentials: null });
    const opening = readOpening(makeOpening(secret, "10.0.0.1:1").bytes);
    if (opening === null) throw new Error("not read");
    expect(keyring.callerOf(opening, own)?.standing).toBeNull();
    expect(keyring.callerOf(opening, own)).toBeNull();
  });
});

test("a peer that was started again at an address is found there, by who goes on sending", () => {
  let now = 0;
  const secret = secretOf(1);
  const heard: string[] = [];
  const ends = new Map<number, Sealing>();
  const open = (port: number, run: string): void => {
    const end = new Sealing({
      ...{ keyring: new Keyring({ secret, credentials: null }), run },
      own: () => [`10.0.0.1:${port}`],
      send: (bytes, _host, to) => {
        ends.get(to)?.take(bytes, "10.0.0.1", port);
        return null;
      },
      heard: (bytes, _host, from) => heard.push(`${from}>${port} ${Buffer.from(bytes)}`),
      refused: () => {},
      now: () => now,
      later: (call) => call(),
    });
    ends.set(port, end);
  };
  open(1, A);
  open(2, B);
  ends.get(1)?.send(hello, "10.0.0.1", 2);
  expect(heard).toEqual(["1>2 hello"]);
  open(2, C);
  for (let i = 0; i < 10; i++) {
    now += 500;
    ends.get(1)?.send(Buffer.from(`${i}`), "10.0.0.1", 2);
  }
  // After three seconds without a word it asks who is there.
  expect(heard.length).toBeGreaterThan(2);
  expect(heard.at(-1)).toBe("1>2 9");
});
