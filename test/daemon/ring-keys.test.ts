import { expect, test } from "bun:test";
import { RingKeys } from "../../src/daemon/ring-keys.ts";
import { drawOwnKeys } from "../../src/seal/credentials.ts";
import { drawKey } from "../../src/seal/key-text.ts";
import { Keyring, keyOf } from "../../src/seal/keyring.ts";
import { Secret } from "../../src/seal/secret.ts";
import { temporaryFolder } from "../store/temporary.ts";

test("a key that several hand on at once is taken once, and not ended with the former", async () => {
  const folder = temporaryFolder();
  const own = await drawOwnKeys();
  const [key, next] = [drawKey(), drawKey()];
  const ended: string[] = [];
  const over = Promise.withResolvers<void>();
  const keys = new RingKeys({
    keyring: new Keyring(await keyOf(new Secret("ring", key), own)),
    ...{ own, book: { key, next: [], former: [] }, dir: folder.dir },
    ...{ begun() {}, handOn() {}, moveOver() {} },
    end: (secret) => ended.push(secret.name),
    say: () => over.resolve(),
  });
  const handed = () => ({ key: Uint8Array.from(next), ageMs: 0, endsMs: 500, without: [] });
  await Promise.all(Array.from({ length: 4 }, () => keys.take(handed(), true)));
  await over.promise;
  expect(ended).toEqual([new Secret("ring", key).name]);
  expect(keys.names).toEqual([next, key].map((each) => new Secret("ring", each).name));
  folder.remove();
});
