// One node of hyperdht, with a Unix socket of its own at which values are put and got over HTTP.
// Arguments: the package's folder, the port of the node to begin with (0 for none), the socket's path.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [folder, contact, path] = process.argv.slice(2);
const DHT = createRequire(import.meta.url)(folder);

const bootstrap = contact === "0" ? [] : [{ host: "127.0.0.1", port: Number(contact) }];
const node = new DHT({ ephemeral: false, firewalled: false, bootstrap, host: "127.0.0.1" });
await node.fullyBootstrapped();

async function answer(request, response) {
  if (request.method === "PUT") {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const { hash } = await node.immutablePut(Buffer.concat(pieces));
    return response.end(hash.toString("hex"));
  }
  const found = await node.immutableGet(Buffer.from(request.url.slice(1), "hex"));
  response.statusCode = found === null ? 404 : 200;
  const value = found?.value ?? Buffer.alloc(0);
  response.setHeader("content-length", value.length);
  return response.end(value);
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}).listen(path, () => console.log(node.address().port));
