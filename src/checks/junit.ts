/** JUnit's XML, as CI systems read it: suites of cases. Pure. */
import type { CheckOutcome } from "./verdict.ts";

/** One case: it passed where it has neither a failure nor an error, and was not skipped. */
export type JunitCase = {
  readonly name: string;
  /** Left out where nobody measured it. */
  readonly seconds?: number;
  readonly failure?: { readonly message: string; readonly text: string };
  /** It could not be told. */
  readonly error?: string;
  /** It was not asked. */
  readonly skipped?: string;
};

export type JunitSuite = { readonly name: string; readonly cases: readonly JunitCase[] };

/** @param name of all suites together: the command */
export function junitXml(name: string, suites: readonly JunitSuite[]): string {
  const body = suites.map(suiteXml).join("\n");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${xml(name)}">\n${body}\n</testsuites>\n`;
}

/** A case for each check. What nobody could tell is skipped; the verdict says what follows from that. */
export function casesOf(checks: readonly CheckOutcome[]): JunitCase[] {
  return checks.map(({ name, title, verdict, why, peers }) => {
    const shown = { name: `${name}: ${title}` };
    const at = peers.length > 0 ? `\npeers ${peers.join(" ")}` : "";
    if (verdict === "failed") {
      return { ...shown, failure: { message: why ?? name, text: `${why ?? name}${at}` } };
    }
    return verdict === "inconclusive" ? { ...shown, skipped: why ?? "not asked" } : shown;
  });
}

function suiteXml({ name, cases }: JunitSuite): string {
  const has = (key: "failure" | "error" | "skipped") =>
    cases.filter((each) => each[key] !== undefined).length;
  const skipped = has("skipped") > 0 ? ` skipped="${has("skipped")}"` : "";
  const counts = `tests="${cases.length}" failures="${has("failure")}" errors="${has("error")}"${skipped}`;
  const rows = cases.map((each) => caseXml(name, each));
  return [`  <testsuite name="${xml(name)}" ${counts}>`, ...rows, "  </testsuite>"].join("\n");
}

function caseXml(suite: string, { name, seconds, failure, error, skipped }: JunitCase): string {
  const time = seconds === undefined ? "" : ` time="${seconds.toFixed(3)}"`;
  const head = `    <testcase classname="${xml(suite)}" name="${xml(name)}"${time}`;
  if (error !== undefined) return `${head}><error message="${xml(error)}"/></testcase>`;
  if (skipped !== undefined) return `${head}><skipped message="${xml(skipped)}"/></testcase>`;
  if (failure === undefined) return `${head}/>`;
  const { message, text } = failure;
  return `${head}><failure message="${xml(message)}">${xml(text)}</failure></testcase>`;
}

/** What XML may hold: no control characters, and none of its own. */
function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return text
    .replace(/[^\P{C}\n\t]/gu, "\ufffd")
    .replace(/[&<>]/g, (character) => entities[character] ?? "")
    .replaceAll('"', "&quot;");
}
