import { describe, expect, test } from "bun:test";
import { drawToken, inviteText, parseInvite } from "../../src/seal/invite.ts";
import { drawKey, keyText, parseKey } from "../../src/seal/key-text.ts";

describe("a key as text", () => {
  test("is read as it was written, with blanks around it, and in hexadecimal digits", () => {
    const key = drawKey();
    expect(parseKey(`  ${keyText(key)}\n`, "x")).toEqual(new Uint8Array(key));
    expect(Buffer.from(parseKey(Buffer.from(key).toString("hex"), "x"))).toEqual(Buffer.from(key));
  });

  test("of which a letter is another is none, and is not shown", () => {
    const text = keyText(drawKey());
    for (const at of [8, 20, text.length - 1]) {
      const wrong = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      expect(() => parseKey(wrong, "The file")).toThrow(/^The file holds no key/);
      expect(() => parseKey(wrong, "The file")).not.toThrow(wrong.slice(8));
    }
    for (const none of ["", "p2pkey1-", "password", "ab".repeat(31)])
      expect(() => parseKey(none, "x")).toThrow(/holds no key/);
  });
});

describe("an invite", () => {
  const fingerprint = "0123456789abcdef";

  test.each(["127.0.0.1:12256", "[2001:db8::7]:9", "peer.example.org:65535"])(
    "to %s is read as it was written",
    (address) => {
      const invite = { token: new Uint8Array(drawToken()), fingerprint, address };
      expect(parseInvite(inviteText(invite))).toEqual(invite);
    },
  );

  test("of which something is missing, or more than was written, is none", () => {
    const text = inviteText({ token: drawToken(), fingerprint, address: "127.0.0.1:12256" });
    for (let length = 0; length < text.length; length++)
      expect(parseInvite(text.slice(0, length))).toBeNull();
    expect(parseInvite(`${text}AAAA`)).toBeNull();
    expect(parseInvite(`p2p1-${"A".repeat(2_000)}`)).toBeNull();
  });
});
