/** The baseline of a start: a compiled program that opens a UDP and a TCP port, and says so. */
const socket = { data() {} };
const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
const datagrams = await Bun.udpSocket({ hostname: "127.0.0.1", socket });
console.log(`open: ${listener.port} ${datagrams.port}`);
