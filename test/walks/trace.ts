/**
 * Loaded into a process before p2p itself: writes down, into `trace` in its working folder, who calls where a walk
 * is handed on: an input that is given, a message that is sent, an event, a write to the disk, a line that is printed.
 * Each line has what that is, a tab, and the files on the stack, the outermost first.
 */
import { appendFileSync } from "node:fs";
import { Commands } from "../../src/daemon/contents/commands.ts";
import { EventStream } from "../../src/daemon/events.ts";
import { LineWriter } from "../../src/daemon/lines.ts";
import { Reception } from "../../src/daemon/reception.ts";
import { Ledger } from "../../src/store/ledger.ts";
import { Table } from "../../src/store/table.ts";
import { Frames } from "../../src/transport/frames.ts";

const DEPTH = 100;
Error.stackTraceLimit = DEPTH;

function note(what: string): void {
  const stack = (new Error().stack ?? "").matchAll(/\/src\/([\w/-]+\.ts)/g);
  const files = [...stack].map(([, file]) => file ?? "").reverse();
  appendFileSync("trace", `${what}\t${[...new Set(files)].join(" ")}\n`);
}

/** A method that notes each of its calls. @param say what it is, from its arguments */
function traced<T, A extends unknown[], R>(
  method: (this: T, ...given: A) => R,
  say: (...given: A) => string,
): (this: T, ...given: A) => R {
  return function noted(...given) {
    note(say(...given));
    return method.apply(this, given);
  };
}

Reception.prototype.give = traced(Reception.prototype.give, (input) => {
  return `give ${input.type === "message" ? input.message.tag : input.type}`;
});
Frames.prototype.of = traced(Frames.prototype.of, (message) => `send ${message.tag}`);
EventStream.prototype.publish = traced(EventStream.prototype.publish, (e) => `event ${e.event}`);
Commands.prototype.end = traced(Commands.prototype.end, () => "end");
Ledger.prototype.enter = traced(Ledger.prototype.enter, () => "enter");
Table.prototype.together = traced(Table.prototype.together, () => "commit");
LineWriter.prototype.write = traced(LineWriter.prototype.write, (text) => `print ${text}`);
