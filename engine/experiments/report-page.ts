/** @file One self-contained HTML page of studies and runs: figures inline, light and dark, nothing fetched, no scripts. */
import { badInput, withoutPaths } from '../contract/problem';
import { shownSpread } from '../evaluation/statistics';
import { seedsText } from './dice-results';
import { escapeXml, figureSvg, type Figure, type FigureColours, type Reference } from './figure';
import type { Comparison, StudyRecord, Table } from './study-record';
import { withoutPlace } from './study-spec';
import { printCell, shortTable } from './study-table';

/** A value the paper prints, as a person took it from there. */
export interface PrintedValue {
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly value: number;
  readonly source: string;
}

/** One study or run on the page. */
export interface ReportSection {
  /** For anchors and file names. */
  readonly id: string;
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly findings: readonly string[];
  readonly figures: readonly Figure[];
  readonly tables: readonly { readonly title: string; readonly table: Table; readonly isShown?: boolean }[];
  /** Shown as JSON. */
  readonly spec: unknown;
  readonly printed: readonly PrintedValue[];
}

export function studySection(record: StudyRecord, printed: readonly PrintedValue[]): ReportSection {
  const { spec, dataset, quick, status, version, runs, results } = record;
  return {
    id: quick ? `${spec.name}-quick` : spec.name,
    title: spec.question,
    facts: [
      ['study', spec.name],
      ...(spec.paper ? [['in the paper', spec.paper] as const] : []),
      ['data set', `${dataset}, part ${spec.part}`],
      ...(quick ? [['quick', 'small networks on phantoms, few steps: a look, not a result'] as const] : []),
      ['status', status],
      ['version of Gyra', version],
      ...(spec.minutesPerRun ? [['stopped after', `${spec.minutesPerRun} minutes a training`] as const] : []),
    ],
    findings: results?.findings ?? ['No results yet.'],
    figures: results ? [results.figure] : [],
    tables: [
      ...(results ? [{ title: 'Table', table: shortTable(results.table) }, { title: 'All columns', table: results.table, isShown: false }] : []),
      ...(results && results.comparisons.length > 0 ? [{ title: 'Paired differences (first minus second, over cases; intervals resample subjects; Wilcoxon signed-rank over subjects)', table: comparisonTable(results.comparisons) }] : []),
      { title: 'Runs', table: runTable(runs), isShown: false },
    ],
    spec: { ...spec, arms: spec.arms.map((arm) => ({ ...arm, spec: withoutPlace(arm.spec) })) },
    printed: printed.filter(({ table }) => placesIn(table).some((place) => placesIn(spec.paper ?? '').includes(place))),
  };
}

/** `figures 5 and 7, table 3` as fig 5, fig 7, tab 3; a number without a kind is that of a table, or with points of a section. */
function placesIn(text: string): string[] {
  let kind: string | undefined;
  return (text.match(/fig|tab|sec|\d+(\.\d+)*/gi) ?? []).flatMap((part) => {
    if (/\d/.test(part)) return [`${kind ?? (part.includes('.') ? 'sec' : 'tab')} ${part}`];
    kind = part.toLowerCase();
    return [];
  });
}

function comparisonTable(comparisons: readonly Comparison[]): Table {
  const isBySeed = comparisons.some(({ seeds }) => seeds);
  const rows = comparisons.map(({ measure, first, second, mean, sd, n, interval, wilcoxon, seeds }) => ({ measure, first, second, difference: mean, SD: shownSpread({ mean, sd, n }).sd, '95 % low': interval?.low ?? null, '95 % high': interval?.high ?? null, 'Wilcoxon p': wilcoxon?.p ?? null, cases: n, subjects: interval?.subjects ?? null, ...(isBySeed ? { 'by seed': seeds ? seedsText(seeds) : null } : {}) }));
  return { columns: Object.keys(rows[0] ?? {}), rows };
}

function runTable(runs: StudyRecord['runs']): Table {
  const rows = runs.map(({ series, x, seed, learningRate, run, status, problem, steps, epochs, bestValidationDice, wallSeconds, environment }) => ({
    model: series, x: x ?? null, seed, 'learning rate': learningRate, run, status: problem ? `${status}: ${problem.message}` : status, steps: steps ?? null, epochs: epochs ?? null,
    'best validation Dice': bestValidationDice ?? null, minutes: wallSeconds === undefined ? null : wallSeconds / 60, threads: environment?.['threads'] ?? null, 'kernel variant': environment?.['kernelVariant'] ?? null, machine: environment?.['machine'] ?? null,
  }));
  return { columns: Object.keys(rows[0] ?? {}), rows };
}

/** Printed values that have a place in the figure: their row names the point, their column the panel. */
export function referencesOf(figure: Figure, printed: readonly PrintedValue[]): Reference[] {
  const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
  return printed.flatMap(({ row, column, value, source }) =>
    figure.panels.flatMap(({ name, scale, y }) => {
      const place = figure.rows.find((point) => point.panel === name && scale === 'category' && (same(String(point.x), row) || same(point.series, row)));
      if (!place || !same(name, column)) return [];
      if (y === 'unit' && (value < 0 || value > 1)) throw badInput(`The printed value ${value} of ${row}, ${column}, is no Dice.`, 'Write Dice from 0 to 1, as in 0.87.');
      return [{ panel: name, x: place.x, value, source }];
    }),
  );
}

const pageColours: FigureColours = { ink: 'var(--ink)', faint: 'var(--faint)', line: 'var(--line)', paper: 'transparent', series: Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`) };

export function reportPage(sections: readonly ReportSection[], { title, date, version }: { title: string; date: string; version: string }): string {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeXml(title)}</title><style>${style}</style></head><body>
<header><h1>${escapeXml(title)}</h1><p>${escapeXml(date)}, Gyra ${escapeXml(version)}. <strong>Not a medical device:</strong> for research and teaching.</p>
${sections.length > 1 ? `<nav><ul>${sections.map(({ id, title: name }) => `<li><a href="#${escapeXml(id)}">${escapeXml(name)}</a></li>`).join('')}</ul></nav>` : ''}</header>
<main>${sections.map(sectionHtml).join('\n')}</main></body></html>
`;
  return html;
}

function sectionHtml({ id, title, facts, findings, figures, tables, spec, printed }: ReportSection): string {
  const figureOf = (figure: Figure): string => `<figure>${figureSvg(figure, pageColours, referencesOf(figure, printed))}</figure>`;
  return (
    `<section id="${escapeXml(id)}"><h2>${escapeXml(title)}</h2><dl>${facts.map(([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(withoutPaths(value))}</dd>`).join('')}</dl>` +
    figures.map(figureOf).join('') +
    (findings.length > 0 ? `<h3>What it shows</h3><ul>${findings.map((finding) => `<li>${escapeXml(finding)}</li>`).join('')}</ul>` : '') +
    tables.map(({ title: name, table, isShown = true }) => (isShown ? `<h3>${escapeXml(name)}</h3>${tableHtml(table)}` : `<details><summary>${escapeXml(name)}</summary>${tableHtml(table)}</details>`)).join('') +
    (printed.length > 0 ? `<h3>Printed elsewhere</h3><p>Other data, other machines; taken from the sources named.</p>${tableHtml({ columns: ['table', 'row', 'column', 'value', 'source'], rows: printed.map((one) => ({ ...one })) })}` : '') +
    `<details><summary>Complete specification</summary><pre>${escapeXml(withoutPaths(JSON.stringify(spec, null, 2)))}</pre></details></section>`
  );
}

function tableHtml({ columns, rows }: Table): string {
  const cell = (value: string | number | null): string => `<td${typeof value === 'number' ? ' class="number"' : ''}>${escapeXml(withoutPaths(printCell(value)))}</td>`;
  return `<div class="wide"><table><thead><tr>${columns.map((column) => `<th scope="col">${escapeXml(column)}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${columns.map((column) => cell(row[column] ?? null)).join('')}</tr>`).join('')}</tbody></table></div>`;
}

const style = `
:root{color-scheme:light dark;--page:#fbfbfc;--ink:#14181d;--faint:#48515c;--line:#d8dce1;--series-1:#0b62c4;--series-2:#b8430c;--series-3:#8a6414;--series-4:#a8348c;--series-5:#0d7a56;--series-6:#6a51a3;--series-7:#56707f;--series-8:#b3134a}
@media (prefers-color-scheme:dark){:root{--page:#111418;--ink:#e8ebef;--faint:#aab2bc;--line:#2a3038;--series-1:#58a6ff;--series-2:#ee6a34;--series-3:#d9b070;--series-4:#de82c8;--series-5:#35b88a;--series-6:#a99be0;--series-7:#9db4c0;--series-8:#ff7aa2}}
body{margin:0 auto;max-width:1080px;padding:24px;background:var(--page);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:24px}h2{font-size:20px;margin-top:48px}h3{font-size:15px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px}dt{color:var(--faint)}dd{margin:0}
figure{margin:16px 0}figure svg{max-width:100%;height:auto}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}.number{text-align:right}
pre{overflow-x:auto;font:12px/1.45 ui-monospace,monospace}summary{cursor:pointer;padding:4px 0}a{color:inherit}`;
