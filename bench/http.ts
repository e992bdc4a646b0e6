/**
 * HTTP/1.1 as cheap as it can be had: one write for a request, one look at what comes. What is measured
 * with it is the other side, and not a client that is as large as the server.
 */

/** Called once with the answer; its body is to be read at once. */
export type Answered = (status: number, body: Buffer) => void;

/** Called once, if there is no answer. */
export type Failed = (why: string) => void;

const HEAD_END = "\r\n\r\n";

/** A kept-alive connection to a Unix socket: one request at a time. */
class Connection {
  #socket: Bun.Socket<undefined> | null = null;
  #answered: Answered | null = null;
  #failed: Failed = () => {};
  #came: Buffer | null = null;
  /** The other side will close it after this answer. */
  ended = false;

  constructor(
    private readonly path: string,
    private readonly free: (connection: Connection) => void,
  ) {}

  ask(request: Uint8Array, answered: Answered, failed: Failed): void {
    this.#answered = answered;
    this.#failed = failed;
    if (this.#socket === null) void this.#dial(request);
    else this.#write(this.#socket, request);
  }

  close(): void {
    this.ended = true;
    this.#socket?.terminate();
  }

  async #dial(request: Uint8Array): Promise<void> {
    try {
      const lost = (): void => this.#lost("the connection was closed");
      const data = (_: unknown, bytes: Buffer): void => this.#data(bytes);
      const socket = { data, close: lost, error: lost, end: lost };
      this.#socket = await Bun.connect({ unix: this.path, socket });
      this.#write(this.#socket, request);
    } catch (error) {
      this.#lost(String(error));
    }
  }

  /** What is sent is far smaller than the system's buffer, which is empty. */
  #write(socket: Bun.Socket<undefined>, request: Uint8Array): void {
    if (socket.write(request) !== request.length) this.#lost("a request was not taken whole");
  }

  #data(bytes: Buffer): void {
    const came = this.#came === null ? bytes : Buffer.concat([this.#came, bytes]);
    const end = came.indexOf(HEAD_END);
    const head = end < 0 ? null : came.toString("latin1", 0, end + 2);
    const length = head === null ? null : /\r\ncontent-length: (\d+)\r/i.exec(head);
    if (head !== null && length === null) {
      this.#lost(`an answer without a length: ${head}`);
      return;
    }
    const from = end + HEAD_END.length;
    const until = from + Number(length?.[1]);
    if (head === null || came.length < until) {
      // What the runtime gives is its own again after this call.
      this.#came = this.#came === null ? Buffer.from(bytes) : came;
      return;
    }
    this.#came = null;
    const answered = this.#answered;
    this.#answered = null;
    if (/\r\nconnection: close\r/i.test(head)) this.ended = true;
    this.free(this);
    answered?.(Number(head.slice(9, 12)), came.subarray(from, until));
  }

  #lost(why: string): void {
    this.ended = true;
    const waits = this.#answered !== null;
    this.#answered = null;
    if (waits) this.#failed(why);
  }
}

/** As many connections to one Unix socket as there are requests under way. */
export class HttpPool {
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(private readonly path: string) {}

  /** @param request a whole one, as `httpRequest` makes it */
  ask(request: Uint8Array, answered: Answered, failed: Failed): void {
    let connection = this.#idle.pop();
    while (connection?.ended === true) {
      this.#all.delete(connection);
      connection = this.#idle.pop();
    }
    connection ??= this.#open();
    connection.ask(request, answered, failed);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
    this.#all.clear();
  }

  #open(): Connection {
    const connection = new Connection(this.path, (each) => {
      if (each.ended) this.#all.delete(each);
      else this.#idle.push(each);
    });
    this.#all.add(connection);
    return connection;
  }
}

/** A request's bytes. @param path its escaped path */
export function httpRequest(method: string, path: string, body?: Uint8Array): Uint8Array {
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: bench\r\n${length}\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + (body?.length ?? 0));
  bytes.write(head, "latin1");
  if (body !== undefined) bytes.set(body, head.length);
  return bytes;
}
