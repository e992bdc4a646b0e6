// npm run build: dist/p2p, compiled and started once.
import { asScript, build } from "./toolchain.mjs";

await asScript(() => {
  console.log(`dist/p2p ${build()}`);
  return 0;
});
