/**
 * A program for a host: `listen ADDRESS` gives back what comes over UDP and TCP; `ask ADDRESS MS` prints
 * over which of them an answer came in time.
 */
const PORT = 4_000;
const [what, hostname = "", limit] = process.argv.slice(2);

if (what === "listen") await listen();
else {
  console.log((await Promise.all([askUdp(), askTcp()])).filter(Boolean).join(" "));
  // A connection that is still being tried would keep it.
  process.exit();
}

async function listen(): Promise<void> {
  await Bun.udpSocket({
    hostname,
    port: PORT,
    socket: { data: (socket, bytes, port, from) => void socket.send(bytes, port, from) },
  });
  const data = (socket: Bun.Socket, bytes: Buffer) => void socket.write(bytes);
  Bun.listen({ hostname, port: PORT, socket: { data } });
  console.log("ready");
}

function inTime(answered: Promise<string>): Promise<string> {
  return Promise.race([answered, Bun.sleep(Number(limit)).then(() => "")]);
}

async function askUdp(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.udpSocket({
    socket: { data: () => resolve("udp"), error: () => resolve("") },
  });
  socket.send("?", PORT, hostname);
  const answer = await inTime(promise);
  socket.close();
  return answer;
}

async function askTcp(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const closed = () => resolve("");
  const socket = {
    open: (s: Bun.Socket) => void s.write("?"),
    data: () => resolve("tcp"),
    close: closed,
    error: closed,
    connectError: closed,
  };
  Bun.connect({ hostname, port: PORT, socket }).then((s) => promise.then(() => s.end()), closed);
  return await inTime(promise);
}
