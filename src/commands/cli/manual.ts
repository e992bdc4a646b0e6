/** Man pages (man-pages(7), in groff's `man` macros) from the same definitions as help. */
import type { Example, Shape } from "./check.ts";
import type { Table } from "./command.ts";
import { argumentRows, flagRows, type Row, usageOf } from "./help.ts";

/** The page of p2p itself: all commands, and whom to ask about each. */
export function programPage(
  table: Table,
  about: string,
  examples: readonly Example[],
  version: string,
): string {
  const commands = Object.entries(table).map(
    ([name, { summary }]): Row => [`p2p ${name}`, summary],
  );
  const see = Object.keys(table).map((name) => `p2p-${name.replaceAll(" ", "-")}`);
  return page([
    head("p2p", version),
    section("NAME", [`p2p \\- ${text(about)}`]),
    section("SYNOPSIS", [".B p2p", text("COMMAND [ARGUMENTS] [--flags]")]),
    section("COMMANDS", tagged(commands)),
    section("OPTIONS", tagged(flagRows(null))),
    section("FILES", tagged([[".p2p/", "the data folders of the peers that were started here"]])),
    section("EXAMPLES", tagged(examples)),
    section("SEE ALSO", [see.map((name) => `.BR ${text(name)} (1)`).join(" ,\n")]),
  ]);
}

/** The page of a command. */
export function commandPage(shape: Shape, summary: string, version: string): string {
  const name = `p2p-${shape.name.replaceAll(" ", "-")}`;
  const usage = usageOf(shape).flatMap((line, at) => [
    ...(at === 0 ? [] : [".br"]),
    `.B ${text(`p2p ${shape.name}`)}`,
    text(line.slice(`p2p ${shape.name}`.length).trim()),
  ]);
  return page([
    head(name, version),
    section("NAME", [`${text(name)} \\- ${text(summary)}`]),
    section("SYNOPSIS", usage),
    section("ARGUMENTS", tagged(argumentRows(shape))),
    section("OPTIONS", tagged(flagRows(shape))),
    section("EXIT STATUS", [
      text("0: done. 1: it could not be done, or a check failed. 2: the command line is wrong."),
    ]),
    section("EXAMPLES", tagged(shape.examples)),
    section("SEE ALSO", [".BR p2p (1)"]),
  ]);
}

function head(name: string, version: string): string {
  return `.TH "${name.toUpperCase()}" 1 "" "p2p ${version}" "p2p"`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`.SH ${title}`, ...lines].join("\n");
}

function tagged(rows: readonly Row[]): string[] {
  return rows.flatMap(([left, right]) => [".TP", `.B ${text(left)}`, text(right)]);
}

/** A dash is no hyphen where it is typed, and no line of text is a request. */
function text(line: string): string {
  const escaped = line.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function page(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}
