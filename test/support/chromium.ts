/** A headless Chromium, driven by the DevTools protocol: opens pages, clicks and types as a person, and tells what they did. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, reaped } from "./reap.ts";

type Fields = Readonly<Record<string, unknown>>;
type Told = { readonly id?: number; readonly method?: string; readonly params?: Fields };

/** The program, or null where there is none on this machine; a name alone may only say how to get one. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].reduce<string | null>(
  (found, name) => found ?? starting(Bun.which(name)),
  null,
);

function starting(program: string | null): string | null {
  if (program === null) return null;
  const { exitCode } = Bun.spawnSync([program, "--version"], { timeout: 60_000 });
  return exitCode === 0 ? program : null;
}

const START_MS = 60_000;

/** One browser, of a user that has never been anywhere. */
export class Chromium {
  private next = 1;
  private readonly waiting = new Map<number, (answer: Fields) => void>();
  private readonly listeners = new Set<(told: Told) => void>();

  private constructor(
    private readonly socket: WebSocket,
    private readonly end: () => Promise<void>,
  ) {
    socket.onmessage = ({ data }) => this.take(JSON.parse(String(data)));
  }

  /** @param program as `CHROMIUM` has it */
  static async start(program: string): Promise<Chromium> {
    const home = mkdtempSync(join(tmpdir(), "p2p-chromium-"));
    const clean = () => rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    const cleaned = atEnd(clean);
    const flags = ["--headless", "--disable-gpu", "--no-first-run", `--user-data-dir=${home}`];
    // Root has no sandbox; the pages are ours.
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const argv = [program, ...flags, ...root, "--remote-debugging-port=0", "about:blank"];
    const child = reaped(Bun.spawn(argv, { stdio: ["ignore", "ignore", "pipe"] }));
    const url = await urlIn(child.stderr);
    const socket = new WebSocket(url);
    await new Promise((done, fail) => {
      socket.onopen = done;
      socket.onerror = () => fail(new Error(`${program} does not answer`));
    });
    return new Chromium(socket, async () => {
      await child.exited;
      cleaned();
      clean();
    });
  }

  /** @param size of the window in pixels */
  async open(url: string, size = { width: 1240, height: 1500 }): Promise<Page> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    for (const domain of ["Runtime", "Log", "Network", "Page"]) await page.send(`${domain}.enable`);
    const screen = { ...size, deviceScaleFactor: 1, mobile: false };
    await page.send("Emulation.setDeviceMetricsOverride", screen);
    const loaded = this.event(String(sessionId), "Page.loadEventFired");
    await page.send("Page.navigate", { url });
    await loaded;
    return page;
  }

  async close(): Promise<void> {
    this.send("Browser.close", {}).catch(() => {});
    await this.end();
  }

  async send(method: string, params: Fields, sessionId?: string): Promise<Fields> {
    const id = this.next++;
    const answer = new Promise<Fields>((done) => this.waiting.set(id, done));
    this.socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    const { error, result } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return isFields(result) ? result : {};
  }

  listen(sessionId: string, listener: (method: string, params: Fields) => void): void {
    this.listeners.add((told) => {
      const of = "sessionId" in told ? told.sessionId : undefined;
      if (of === sessionId) listener(told.method ?? "", told.params ?? {});
    });
  }

  private event(sessionId: string, wanted: string): Promise<void> {
    return new Promise((done) => {
      this.listen(sessionId, (method) => {
        if (method === wanted) done();
      });
    });
  }

  private take(told: Told & Fields): void {
    if (told.id === undefined) {
      for (const listener of [...this.listeners]) listener(told);
      return;
    }
    this.waiting.get(told.id)?.(told);
    this.waiting.delete(told.id);
  }
}

/** One page, and what it complained of and asked for. */
export class Page {
  /** What it wrote to its console, what it threw, and what the browser refused it. */
  readonly complaints: string[] = [];
  /** The addresses that it asked for, its own among them. */
  readonly requests: string[] = [];

  constructor(
    private readonly browser: Chromium,
    private readonly session: string,
  ) {
    browser.listen(session, (method, params) => {
      const told = JSON.stringify(params);
      if (method === "Runtime.exceptionThrown" || method === "Runtime.consoleAPICalled") {
        this.complaints.push(told);
      }
      if (method === "Log.entryAdded") this.complaints.push(told);
      if (method === "Network.requestWillBeSent" && isFields(params["request"])) {
        this.requests.push(String(params["request"]["url"]));
      }
    });
  }

  send(method: string, params: Fields = {}): Promise<Fields> {
    return this.browser.send(method, params, this.session);
  }

  /** What an expression comes to in the page, as JSON has it. */
  async evaluate(expression: string): Promise<unknown> {
    const wanted = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", wanted);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return isFields(result) ? result["value"] : undefined;
  }

  /** Presses the mouse in an element, which is brought into sight. @param share of its width, from the left */
  async click(selector: string, share = 0.5): Promise<void> {
    const box = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center", behavior: "instant" });
      const { left, top, width, height } = element.getBoundingClientRect();
      return [left + width * ${share}, top + height / 2];
    })()`);
    if (!Array.isArray(box)) throw new Error(`there is no ${selector}`);
    const at = { x: Number(box[0]), y: Number(box[1]), button: "left", clickCount: 1 };
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.send("Input.dispatchMouseEvent", { ...at, type });
    }
  }

  /** @param key as the web names keys: "ArrowRight", "n" */
  async press(key: string): Promise<void> {
    const text = key.length === 1 ? { text: key } : {};
    const codes: Readonly<Record<string, number>> = { Tab: 9, " ": 32 };
    const code = { key, windowsVirtualKeyCode: codes[key] ?? 0 };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...code, ...text });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...code });
  }

  /** A picture as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send("Page.captureScreenshot", { format: "png" });
    return Buffer.from(String(data), "base64");
  }
}

/** What it says on standard error when it listens. */
async function urlIn(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const timer = setTimeout(() => stream.cancel().catch(() => {}), START_MS);
  for await (const piece of stream) {
    text += new TextDecoder().decode(piece);
    const url = /DevTools listening on (\S+)/.exec(text)?.[1];
    if (url === undefined) continue;
    clearTimeout(timer);
    return url;
  }
  throw new Error(`no browser: ${text}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
