/** The part of the page that the script brings to life: the ring, its slider, and the lanes. Pure. */
import { html, type Markup } from "./markup.ts";
import type { PageRun } from "./page-run.ts";

/** @returns the markup; the script finds its parts by their ids */
export function player(run: PageRun): Markup {
  return html`<section class="player" aria-labelledby="through">
<h2 id="through">The ring through time</h2>
<noscript><p class="note">The ring is drawn by a script, which does not run here. All else can be read.</p></noscript>
<div class="stage">
<figure><svg id="ring" viewBox="0 0 640 640" role="img" aria-labelledby="moment"></svg>
<figcaption class="legend">${LEGEND.map(legendItem)}</figcaption></figure>
<div class="side"><p class="clock" id="clock">0 s</p><div id="moment" aria-live="off"></div></div>
</div>
<div class="lanes">
<div class="controls" role="group" aria-label="Time">
${BUTTONS.map(([id, label, title, icon]) => html`<button type="button" id="${id}" aria-label="${label}" title="${title}"><svg viewBox="0 0 16 16" aria-hidden="true">${icon}</svg></button>`)}
<label class="speed">speed <select id="speed">${SPEEDS.map(([value, name]) => html`<option value="${value}">${name}</option>`)}</select></label>
<span class="keys"><kbd>space</kbd> play <kbd>f</kbd> <kbd>b</kbd> change <kbd>n</kbd> <kbd>p</kbd> fault</span>
</div>
<div class="track"><label class="lane" for="time">time</label><input id="time" type="range" min="0" max="${Math.max(1, Math.ceil(run.lengthMs))}" step="any" value="0"></div>
<div id="rows"></div>
<div class="legend">${LANE_LEGEND.map(legendItem)}</div>
</div>
</section>`;
}

const BUTTONS: readonly (readonly [id: string, label: string, title: string, icon: Markup])[] = [
  [
    "fault-back",
    "To the fault before",
    "fault before (p)",
    html`<path d="M2 3h2v10h-2zM14 3v10l-9-5z"/>`,
  ],
  ["step-back", "To the change before", "change before (b)", html`<path d="M12 3v10l-8-5z"/>`],
  [
    "play",
    "Play",
    "play or pause (space)",
    html`<path class="to-play" d="M4 2.5v11l9-5.5z"/><path class="to-pause" d="M4 3h3v10h-3zM9 3h3v10h-3z"/>`,
  ],
  ["step", "To the next change", "next change (f)", html`<path d="M4 3v10l8-5z"/>`],
  [
    "fault-next",
    "To the next fault",
    "next fault (n)",
    html`<path d="M2 3v10l9-5zM12 3h2v10h-2z"/>`,
  ],
];

const SPEEDS = [
  ["0.01", "1/100"],
  ["0.1", "1/10"],
  ["1", "as it was"],
  ["4", "× 4"],
  ["16", "× 16"],
  ["64", "× 64"],
] as const;

type Legend = readonly [shape: Markup, text: string];

const LEGEND: readonly Legend[] = [
  [html`<circle class="node running" cx="8" cy="8" r="6"/>`, "runs"],
  [html`<rect class="node frozen" x="2" y="2" width="12" height="12" rx="2"/>`, "frozen"],
  [
    html`<circle class="node down" cx="8" cy="8" r="6"/><path class="cross" d="M5 5l6 6M11 5l-6 6"/>`,
    "down",
  ],
  [html`<path class="arrow" d="M0 8h16"/>`, "its successor, as it says"],
  [html`<path class="arrow second" d="M0 8h16"/>`, "the one after that"],
  [html`<path class="arrow wrong" d="M0 8h16"/>`, "not the right one (now)"],
  [html`<path class="arrow severed" d="M1 8h15"/>`, "it cannot send there"],
];

const LANE_LEGEND: readonly Legend[] = [
  [html`<path class="fault" d="M1 4h14v8h-14z"/>`, "a fault"],
  [html`<path class="healed" d="M8 1v14"/>`, "healed"],
  [html`<path class="op done" d="M1 6h14v4h-14z"/>`, "done"],
  [html`<path class="op refused" d="M2 2.5h12v11h-12z"/>`, "refused"],
  [html`<path class="op unknown" d="M2 1h12v14h-12z"/>`, "nobody knows"],
];

function legendItem([shape, text]: Legend): Markup {
  return html`<span><svg viewBox="0 0 16 16" aria-hidden="true">${shape}</svg>${text}</span>`;
}
