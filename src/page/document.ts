/**
 * The report of a run as one HTML file: it asks nothing of any network, and nothing in it runs but its own
 * script and style, by their hashes. What it says can be read without the script; that draws the ring.
 */
import { createHash } from "node:crypto";
import type { CheckOutcome } from "../checks/verdict.ts";
import { bundled } from "./bundle.ts" with { type: "macro" };
import { explainBroken, explainFault, timeInWords } from "./explain.ts";
import { html, jsonForScript, Markup } from "./markup.ts";
import type { PageFault, PageRun } from "./page-run.ts";
import { player } from "./player.ts";
import { STYLE } from "./style.ts";

const SCRIPT: string = bundled("main.ts");

const VERDICTS = {
  passed: { mark: "✓", word: "Passed" },
  failed: { mark: "✕", word: "Failed" },
  inconclusive: { mark: "?", word: "Inconclusive" },
} as const;

/** @returns the text of the file */
export function reportPage(run: PageRun): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(SCRIPT)}'`,
    `style-src '${hashOf(STYLE)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const { word } = VERDICTS[run.verdict];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${word}: chaos, seed ${run.seed}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${[header(run), broken(run), player(run), times(run), checks(run), faults(run), footer(run)]}
</main>
<script type="application/json" id="run">${jsonForScript(run)}</script>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.text;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function header(run: PageRun): Markup {
  const { mark, word } = VERDICTS[run.verdict];
  const facts: readonly (readonly [string, string | number])[] = [
    ["seed", run.seed],
    ["peers", run.peers.length],
    // Of another program's ring nobody knows.
    ...(run.copies === 0 ? [] : [["copies of each file", run.copies] as const]),
    ["faults", run.faults.length],
    ["operations of clients", run.operations.length + run.leftOut],
    ["time", timeInWords(run.lengthMs)],
    ["began", `${new Date(run.beganAt).toISOString().slice(0, 19).replace("T", " ")} UTC`],
    ["program", run.program],
  ];
  return html`<header>
<p class="over">p2p chaos</p>
<h1 class="${run.verdict}"><span class="mark" aria-hidden="true">${mark}</span> ${word}</h1>
<p class="why">${sentence(run)}</p>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

function sentence({ why, complete }: PageRun): string {
  const cut = complete ? "" : " The run was cut short: it is judged as far as it goes.";
  const text = why === "" ? "" : `${why.charAt(0).toUpperCase()}${why.slice(1)}`;
  return `${/[.!?]$/.test(text) ? text : `${text}.`}${cut}`;
}

function broken({ checks }: PageRun): Markup | null {
  const failed = checks.filter(({ verdict }) => verdict === "failed");
  if (failed.length === 0) return null;
  return html`<section class="broken" aria-labelledby="broken"><h2 id="broken">What does not hold</h2>
${failed.map(brokenCheck)}
</section>`;
}

function brokenCheck({ name, title, why, peers }: CheckOutcome): Markup {
  return html`<article><h3><span class="mark" aria-hidden="true">✕</span> <b>${name}</b> ${title}</h3>
<p>${explainBroken(name)}</p>
<p class="evidence">${why}</p>
${peers.length === 0 ? null : html`<p class="at">Seen at ${peers.length === 1 ? "peer" : "peers"} ${peers.join(", ")}.</p>`}
</article>`;
}

function times({ times }: PageRun): Markup {
  const rows = times.map(({ name, count, medianMs, p95Ms, maxMs, errorMs, limitMs }) => {
    const over = limitMs !== null && maxMs !== null && maxMs > limitMs;
    const limit = limitMs === null ? "–" : `${timeInWords(limitMs)}${over ? " ✕ exceeded" : " ✓"}`;
    const figures = [medianMs, p95Ms, maxMs].map((ms) => html`<td>${timeInWords(ms)}</td>`);
    return html`<tr><th scope="row">${name}<small>${TIME_TITLES[name] ?? ""}</small></th><td>${count}</td>${figures}<td>${count === 0 ? "–" : `± ${timeInWords(errorMs)}`}</td><td>${limit}</td></tr>`;
  });
  const heads = ["time", "faults", "median", "p95", "worst", "error", "limit"];
  return html`<section aria-labelledby="times"><h2 id="times">Times</h2>
<div class="wide"><table class="figures"><thead>${headRow(heads)}</thead><tbody>${rows}</tbody></table></div></section>`;
}

const TIME_TITLES: Readonly<Record<string, string>> = {
  detect: "until those who watch the victim had dropped it",
  heal: "until every view was right again, and stayed so",
  recopy: "until every file had all its copies again",
  unavailable: "the longest wait for a name that was asked for",
};

function checks({ checks }: PageRun): Markup {
  const rows = checks.map(({ name, title, verdict, why }) => {
    const { mark, word } = VERDICTS[verdict];
    return html`<tr class="${verdict}"><th scope="row">${name}</th><td>${title}</td><td class="verdict"><span class="mark" aria-hidden="true">${mark}</span> ${word.toLowerCase()}</td><td>${why ?? ""}</td></tr>`;
  });
  return html`<section aria-labelledby="checks"><h2 id="checks">Checks</h2>
<div class="wide"><table><thead>${headRow(["check", "asks that", "verdict", "why"])}</thead><tbody>${rows}</tbody></table></div></section>`;
}

function faults({ faults, times }: PageRun): Markup {
  const names = times.map(({ name }) => name);
  const rows = faults.map((fault) => {
    const figures = names.map((name) => html`<td>${timeInWords(fault.times[name] ?? null)}</td>`);
    return html`<tr><td>${fault.n}</td><td>${timeInWords(fault.from)}</td><th scope="row">${explainFault(fault)}<small>${fault.kind}, ${lasted(fault)}</small></th>${figures}<td><button type="button" class="show" data-at="${fault.from}" aria-label="Show fault ${fault.n} in the ring">show</button></td></tr>`;
  });
  const body =
    faults.length === 0
      ? html`<p>None was injected.</p>`
      : html`<div class="wide"><table class="figures faults"><thead>${headRow(["fault", "at", "what", ...names, ""])}</thead><tbody>${rows}</tbody></table></div>`;
  return html`<section aria-labelledby="faults"><h2 id="faults">Faults</h2>${body}</section>`;
}

function lasted({ from, to }: PageFault): string {
  if (to === null) return "not undone";
  return to > from ? `for ${timeInWords(to - from)}` : "over at once";
}

function headRow(names: readonly string[]): Markup {
  return html`<tr>${names.map((name) => (name === "" ? html`<td></td>` : html`<th scope="col">${name}</th>`))}</tr>`;
}

function footer({ seed, leftOut, operations }: PageRun): Markup {
  const thinned =
    leftOut === 0
      ? null
      : html`<p>Of ${operations.length + leftOut} operations ${operations.length} are drawn: all that did not end well or took long, and a share of the others. All were judged.</p>`;
  return html`<footer>${thinned}<p>Made by p2p chaos from the file of the run, seed ${seed}. This page is one file: it asks nothing of any network.</p></footer>`;
}
