/** One process of somebody else's program, at pipes and at a terminal. */
import { expect, test } from "bun:test";
import { type ProcessPlan, startProcess } from "../../src/foreign/process.ts";

const SCRIPT = 'test -t 1 && echo at a terminal; read line; echo "read $line"; exit 3';

async function run(terminal: boolean) {
  const plan: ProcessPlan = {
    command: ["sh", "-c", SCRIPT],
    cwd: ".",
    env: process.env,
    terminal,
  };
  let text = "";
  const output = (bytes: Uint8Array): void => {
    text += new TextDecoder().decode(bytes);
  };
  const started = startProcess(plan, { output, error: output });
  started.write("Store 2067\n");
  await started.exited;
  await Promise.race([started.read, Bun.sleep(300)]);
  started.close();
  return { lines: text.trimEnd().split(/\r?\n/), code: started.code() };
}

test("what is typed is read, and does not come back as output", async () => {
  expect(await run(false)).toEqual({ lines: ["read Store 2067"], code: 3 });
  expect(await run(true)).toEqual({ lines: ["at a terminal", "read Store 2067"], code: 3 });
});

test("a program that cannot be run is told of in a sentence", () => {
  for (const terminal of [false, true]) {
    const plan = { command: ["/no/such/program"], cwd: ".", env: {}, terminal };
    expect(() => startProcess(plan, { output() {}, error() {} })).toThrow("could not be run");
  }
});
