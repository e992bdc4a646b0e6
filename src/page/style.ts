/** How the page looks: by day and by night, on paper too. State is told by shape and words, and colour only helps. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #171b22; --soft: #5a6472; --line: #dde1e7; --wash: #eef1f5;
  --good: #14733f; --bad: #b3202f; --doubt: #8a5a00; --blue: #2456c8; --ice: #0b6f8a; --node: #e3eafc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0e1116; --card: #161b22; --ink: #e8ebf0; --soft: #9aa5b4; --line: #2a313b; --wash: #1e252e;
    --good: #5ccb8b; --bad: #ff7b85; --doubt: #e3b341; --blue: #8ab0ff; --ice: #6fd0e8; --node: #22304d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 28px 24px; }
h1, h2, h3, p, dl, dd, figure { margin: 0; }
header { margin-bottom: 28px; }
.over { color: var(--soft); font-size: 13px; letter-spacing: .08em; text-transform: uppercase; }
h1 { font-size: 40px; line-height: 1.2; letter-spacing: -.02em; display: flex; align-items: center; gap: 14px; margin: 6px 0 8px; }
h1 .mark { display: inline-grid; place-items: center; width: 44px; height: 44px; border-radius: 50%; color: var(--card); background: currentColor; font-size: 24px; }
h1 .mark::first-letter { color: var(--card); }
h1.passed .mark { background: var(--good); } h1.failed .mark { background: var(--bad); border-radius: 8px; } h1.inconclusive .mark { background: var(--doubt); border-radius: 22px 22px 22px 4px; }
.why { font-size: 18px; max-width: 60em; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 32px; margin-top: 20px; }
.facts dt { color: var(--soft); font-size: 12.5px; } .facts dd { font-variant-numeric: tabular-nums; font-weight: 600; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px; margin-bottom: 20px; }
h2 { font-size: 17px; margin-bottom: 14px; }
.broken { border-color: var(--bad); border-left-width: 5px; }
.broken article + article { margin-top: 18px; padding-top: 18px; border-top: 1px solid var(--line); }
.broken h3 { font-size: 16px; font-weight: 500; } .broken .mark { color: var(--bad); font-weight: 700; }
.broken p { margin-top: 6px; max-width: 70em; }
.evidence { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13.5px; background: var(--wash); border-radius: 6px; padding: 8px 12px; overflow-wrap: anywhere; }
.at, .note { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 7px 16px 7px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
thead th, thead td { border-top: 0; color: var(--soft); font-weight: 500; font-size: 13px; white-space: nowrap; }
tbody th { font-weight: 600; } tr.passed th, tr.failed th, tr.inconclusive th { white-space: nowrap; } th small { display: block; font-weight: 400; color: var(--soft); font-size: 13px; }
.figures td { font-variant-numeric: tabular-nums; white-space: nowrap; }
.verdict { white-space: nowrap; } tr.passed .mark { color: var(--good); } tr.failed .verdict { color: var(--bad); font-weight: 600; } tr.inconclusive .verdict { color: var(--doubt); }
button, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 4px 12px; cursor: pointer; }
button:hover, select:hover { background: var(--wash); }
:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.stage { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 28px; align-items: start; }
#ring { display: block; width: 100%; max-height: 620px; overflow: visible; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft); font-size: 13px; margin-top: 8px; }
.legend span { display: inline-flex; align-items: center; gap: 6px; } .legend svg { width: 16px; height: 16px; overflow: visible; }
.keys { color: var(--soft); font-size: 13px; margin-left: auto; } kbd { font: inherit; border: 1px solid var(--line); border-radius: 4px; padding: 0 5px; }
.clock { font-size: 34px; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; line-height: 1.2; margin-bottom: 8px; }
#moment { min-height: 300px; } #moment h3 { font-size: 13px; font-weight: 500; color: var(--soft); margin: 14px 0 4px; } #moment ul { margin: 0; padding-left: 18px; } #moment li { margin: 2px 0; }
#moment .tag { font-weight: 700; font-variant-numeric: tabular-nums; }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 14px 0 10px; padding-left: 108px; }
.controls button { min-width: 46px; height: 36px; } #play { min-width: 64px; background: var(--blue); color: var(--card); border-color: var(--blue); }
.controls svg { display: block; width: 16px; height: 16px; margin: 0 auto; fill: currentColor; } .to-pause, .playing .to-play { display: none; } .playing .to-pause { display: inline; }
.speed { color: var(--soft); margin-left: 12px; }
.track, .row { display: grid; grid-template-columns: 100px minmax(0, 1fr); gap: 8px; align-items: center; }
.lane { color: var(--soft); font-size: 13px; text-align: right; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#time { width: calc(100% + 16px); margin: 6px -8px; accent-color: var(--blue); height: 22px; cursor: pointer; }
.row svg { display: block; width: 100%; height: 22px; background: var(--wash); border-radius: 4px; overflow: visible; cursor: crosshair; }
.row { margin-top: 4px; } .row.axis svg { background: none; height: 18px; cursor: default; }
.lanes .legend { padding-left: 108px; }
.node { stroke: var(--ink); stroke-width: 1.5; fill: var(--node); } .node.frozen { stroke: var(--ice); stroke-width: 3; fill: var(--card); }
.node.down { fill: var(--card); stroke: var(--bad); stroke-dasharray: 4 3; } .cross { stroke: var(--bad); stroke-width: 2; fill: none; }
.node.struck { stroke-width: 3.5; } .circle { fill: none; stroke: var(--line); stroke-width: 1; }
.arrow { fill: none; stroke: var(--ink); stroke-width: 1.7; } .arrow.second { stroke: var(--soft); stroke-width: 1; opacity: .55; }
.arrow.wrong { stroke: var(--bad); stroke-width: 2.4; stroke-dasharray: 7 4; opacity: 1; } .arrow.severed { stroke-dasharray: 1 5; stroke-linecap: round; stroke-width: 2.6; }
.head { fill: var(--ink); } .head.second { fill: var(--soft); } .head.wrong { fill: var(--bad); }
#ring text { fill: var(--ink); text-anchor: middle; dominant-baseline: central; font-variant-numeric: tabular-nums; } #ring .state { font-size: 13px; fill: var(--soft); } #ring .tag { font-size: 13px; font-weight: 700; fill: var(--bad); }
.fault { fill: var(--bad); stroke: var(--card); vector-effect: non-scaling-stroke; } .healed { stroke: var(--ink); stroke-width: 2; fill: none; }
.op.done { fill: var(--blue); } .op.refused { fill: none; stroke: var(--doubt); stroke-width: 1.4; } .op.unknown { fill: var(--bad); }
.now { stroke: var(--ink); stroke-width: 1.5; } .axis text { fill: var(--soft); font-size: 11.5px; }
footer { color: var(--soft); font-size: 13px; padding: 4px 2px 30px; }
@media (max-width: 860px) { .stage { grid-template-columns: 1fr; } #moment { min-height: 0; } main { padding: 24px 14px; } section { padding: 16px; } .controls, .lanes .legend { padding-left: 0; } .track, .row { grid-template-columns: 64px minmax(0, 1fr); } h1 { font-size: 32px; } }
@media print { .controls, .track { display: none; } section { break-inside: avoid; } }
`;
