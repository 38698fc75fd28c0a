/** @file A figure as data, and as SVG: panels with axes, lines or points, and bands. What it shows is its rows, and its rows are its CSV. */
import { z } from 'zod';
import { readCsv, writeCsv } from '../data/csv';

export const figureRow = z.strictObject({
  panel: z.string(),
  series: z.string(),
  x: z.union([z.string(), z.number()]),
  mean: z.number(),
  /** Ends of the band or bar; null without one. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Values the mean is over. */
  n: z.int(),
});
export type FigureRow = z.infer<typeof figureRow>;

const panel = z.strictObject({
  name: z.string(),
  /** With its unit. */
  xLabel: z.string(),
  scale: z.enum(['linear', 'log', 'category']),
  marks: z.enum(['lines', 'points']),
  yLabel: z.string(),
  /** `unit`: 0 to 1, or from below the lowest value of all panels where these are all in the upper half; `auto`: from 0 to the largest value. */
  y: z.enum(['unit', 'auto']),
});
export type Panel = z.infer<typeof panel>;

export const figure = z.strictObject({
  title: z.string(),
  /** What bands and bars are. */
  bandLabel: z.string(),
  panels: z.array(panel).min(1),
  rows: z.array(figureRow),
});
export type Figure = z.infer<typeof figure>;

/** A value somebody else printed, drawn faintly beside ours. */
export interface Reference {
  readonly panel: string;
  readonly x: string | number;
  readonly value: number;
  readonly source: string;
}

const columns = ['panel', 'series', 'x', 'mean', 'low', 'high', 'n'] as const;

const referenceSeries = 'values printed in the paper';

/** Exactly what the figure shows, a row a point; with references also these, and a column for their sources. */
export function figureCsv({ rows }: Figure, references: readonly Reference[] = []): string {
  if (references.length === 0) return writeCsv(columns, rows);
  return writeCsv([...columns, 'source'], [...rows, ...references.map(({ panel, x, value, source }) => ({ panel, series: referenceSeries, x, mean: value, source }))]);
}

/** The figure of that CSV; labels come from `labels`. */
export function figureFromCsv(text: string, labels: Omit<Figure, 'rows'>): Figure {
  const number = (cell: string): number | null => (cell === '' ? null : Number(cell));
  const isCategory = new Set(labels.panels.filter(({ scale }) => scale === 'category').map(({ name }) => name));
  return figure.parse({ ...labels, rows: readCsv(text, 'figure.csv').map((row) => ({ ...row, x: isCategory.has(row['panel']!) ? row['x'] : Number(row['x']), mean: Number(row['mean']), low: number(row['low']!), high: number(row['high']!), n: Number(row['n']) })) });
}

/** Colours as CSS writes them, so that a page can give variables. */
export interface FigureColours {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly paper: string;
  readonly series: readonly string[];
}
/** On white; the series' hues are those of the window's models, then of Okabe and Ito. */
export const lightColours: FigureColours = { ink: '#14181d', faint: '#48515c', line: '#d8dce1', paper: '#ffffff', series: ['#0b62c4', '#b8430c', '#8a6414', '#a8348c', '#0d7a56', '#6a51a3', '#56707f', '#b3134a'] };

/** Series drawn as a bound, not as a model. */
export const ceilingSeries = 'interpolation ceiling';

const size = { width: 340, height: 250, left: 52, right: 12, top: 26, bottom: 46 };
const across = 3;
/** Pixels of a character, at most on average: of the title, of everything else. */
const characterWidth = { title: 8.2, text: 6.6 };

/** The figure as one SVG document; nothing in it is fetched. */
export function figureSvg(shown: Figure, colours: FigureColours = lightColours, references: readonly Reference[] = []): string {
  const { title, bandLabel, panels, rows } = shown;
  const series = [...new Set(rows.map((row) => row.series))];
  const coloured = series.filter((name) => name !== ceilingSeries);
  const colourOf = (name: string): string => (name === ceilingSeries ? colours.faint : colours.series[coloured.indexOf(name) % colours.series.length]!);
  const columnCount = Math.min(across, panels.length);
  const caption = `${bandLabel}${references.length > 0 ? `; open diamonds: ${referenceSeries}` : ''}`;
  const panelWidth = Math.ceil(Math.max(size.width, (34 + Math.max(title.length * characterWidth.title, ...[caption, ...series].map(({ length }) => length * characterWidth.text))) / columnCount));
  const width = columnCount * panelWidth;
  const isShare = (name: string): boolean => panels.some((one) => one.name === name && one.y === 'unit');
  const shares = [...rows.filter((row) => isShare(row.panel)).map(({ mean, low }) => low ?? mean), ...references.filter((one) => isShare(one.panel)).map(({ value }) => value)];
  const lowest = shares.length > 0 ? Math.min(...shares) : 0;
  const panelBottom = 34 + Math.ceil(panels.length / columnCount) * size.height;
  const legend = legendOf(series, width, panelBottom + 8);
  const height = legend.bottom + 26;
  const drawn = panels.map((panel, i) => {
    const [left, top] = [(i % columnCount) * panelWidth, 34 + Math.floor(i / columnCount) * size.height];
    const own = { panel, width: panelWidth, rows: rows.filter((row) => row.panel === panel.name), references: references.filter((one) => one.panel === panel.name) };
    return `<g transform="translate(${left} ${top})">${panelSvg(own, yAxisOf(own, lowest), series, colourOf, colours)}</g>`;
  });
  const entries = legend.entries.map(({ name, x, y }) => `<g>${markOf(series.indexOf(name), x + 6, y - 4, colourOf(name), name === ceilingSeries)}${text(x + 18, y, name, colours.ink)}</g>`);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}" style="font:12px system-ui,sans-serif">` +
    `<title>${escapeXml(title)}</title><rect width="${width}" height="${height}" style="fill:${colours.paper}"/>` +
    `${text(12, 20, title, colours.ink, 'font-weight:600;font-size:14px')}${drawn.join('')}${entries.join('')}${text(12, height - 8, caption, colours.faint)}</svg>\n`
  );
}

/** A panel, its width in pixels, and what it shows. */
interface DrawnPanel {
  readonly panel: Panel;
  readonly width: number;
  readonly rows: readonly FigureRow[];
  readonly references: readonly Reference[];
}
interface YAxis {
  readonly least: number;
  readonly most: number;
  readonly ticks: readonly number[];
}
/** @param lowest of all panels that show shares */
function yAxisOf({ panel, rows, references }: DrawnPanel, lowest: number): YAxis {
  const [least, most, steps] =
    panel.y === 'auto' ? [0, niceAbove(Math.max(...rows.map(({ mean, high }) => high ?? mean), ...references.map(({ value }) => value), 1e-12)), 5]
    // tenths, the lowest of which leaves room below the lowest mark
    : lowest > 0.5 ? [Math.floor((lowest - 0.02) * 10) / 10, 1, 10 - Math.floor((lowest - 0.02) * 10)] : [0, 1, 5];
  return { least, most, ticks: Array.from({ length: steps + 1 }, (_, i) => least + (i * (most - least)) / steps) };
}

function panelSvg({ panel, width, rows, references }: DrawnPanel, { least, most, ticks: yTicks }: YAxis, series: readonly string[], colourOf: (name: string) => string, colours: FigureColours): string {
  const plot = { left: size.left, right: width - size.right, top: size.top, bottom: size.height - size.bottom };
  const xAxis = xAxisOf(panel, rows);
  const x = (value: string | number): number => plot.left + xAxis.place(value) * (plot.right - plot.left);
  const y = (value: number): number => plot.bottom - ((Math.min(Math.max(value, least), most) - least) / (most - least)) * (plot.bottom - plot.top);
  const grid = yTicks.map((value) => `<line x1="${plot.left}" x2="${plot.right}" y1="${at(y(value))}" y2="${at(y(value))}" style="stroke:${colours.line}"/>${text(plot.left - 6, y(value) + 4, printNumber(value), colours.faint, 'text-anchor:end')}`);
  const slanted = panel.scale === 'category' && xAxis.ticks.some((tick) => String(tick).length > 8);
  const ticks = xAxis.ticks.map((tick) => {
    const label = panel.scale === 'category' ? String(tick) : printNumber(Number(tick));
    return slanted ? `<g transform="translate(${at(x(tick))} ${plot.bottom + 12}) rotate(-20)">${text(4, 0, label, colours.faint, 'text-anchor:end;font-size:10px')}</g>` : text(x(tick), plot.bottom + 15, label, colours.faint, 'text-anchor:middle');
  });
  // series side by side where they share a category
  const shift = (i: number): number => (panel.scale === 'category' && series.length > 1 && rows.some((row, j) => rows.some((other, k) => j !== k && other.x === row.x)) ? (i - (series.length - 1) / 2) * 7 : 0);
  const marks = series.map((name, i) => {
    const own = rows.filter((row) => row.series === name).sort((a, b) => xAxis.place(a.x) - xAxis.place(b.x));
    const colour = colourOf(name);
    const isCeiling = name === ceilingSeries;
    const points = own.map((row) => `${at(x(row.x) + shift(i))},${at(y(row.mean))}`);
    const banded = own.filter((row): row is FigureRow & { low: number; high: number } => row.low !== null && row.high !== null);
    const band = panel.marks === 'lines' ? `<polygon points="${[...banded.map((row) => `${at(x(row.x))},${at(y(row.high))}`), ...banded.toReversed().map((row) => `${at(x(row.x))},${at(y(row.low))}`)].join(' ')}" style="fill:${colour};fill-opacity:.18"/>` : banded.map((row) => `<line x1="${at(x(row.x) + shift(i))}" x2="${at(x(row.x) + shift(i))}" y1="${at(y(row.low))}" y2="${at(y(row.high))}" style="stroke:${colour};stroke-width:1.5"/>`).join('');
    const line = panel.marks === 'lines' ? `<polyline points="${points.join(' ')}" style="fill:none;stroke:${colour};stroke-width:1.75${isCeiling ? dashed : ''}"/>` : '';
    const dots = isCeiling && panel.marks === 'lines' ? '' : own.map((row) => markOf(i, x(row.x) + shift(i), y(row.mean), colour, isCeiling)).join('');
    return band + line + dots;
  });
  const printed = references.map(({ x: place, value }) => diamond(x(place), y(value), 5, `fill:none;stroke:${colours.faint};stroke-width:1.2`));
  return (
    `${text(plot.left, 16, panel.name, colours.ink, 'font-weight:600')}${grid.join('')}${ticks.join('')}` +
    `${text((plot.left + plot.right) / 2, size.height - 6, panel.xLabel, colours.ink, 'text-anchor:middle')}` +
    `<g transform="translate(12 ${(plot.top + plot.bottom) / 2}) rotate(-90)">${text(0, 0, panel.yLabel, colours.ink, 'text-anchor:middle')}</g>${marks.join('')}${printed.join('')}`
  );
}

interface XAxis {
  readonly ticks: readonly (string | number)[];
  /** 0 to 1. */
  place(value: string | number): number;
}
function xAxisOf({ scale }: Panel, rows: readonly FigureRow[]): XAxis {
  const values = [...new Set(rows.map(({ x }) => x))];
  if (scale === 'category') return { ticks: values, place: (value) => (values.indexOf(value) + 0.5) / Math.max(1, values.length) };
  const numbers = values.map(Number).sort((a, b) => a - b);
  const [least, most] = [numbers[0] ?? 0, numbers.at(-1) ?? 1];
  if (scale === 'log') {
    const [low, high] = [Math.log(least) - 0.15, Math.log(most) + 0.15];
    return { ticks: thinned(numbers, (value) => (Math.log(value) - low) / (high - low)), place: (value) => (Math.log(Number(value)) - low) / (high - low) };
  }
  const low = least >= 0 && least < 0.25 * most ? 0 : least;
  const place = (value: string | number): number => 0.02 + (0.96 * (Number(value) - low)) / (most - low || 1);
  const step = [1, 2, 5, 10, 15, 20, 30, 45, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000].find((one) => (most - low) / one <= 6) ?? most - low;
  return { ticks: Array.from({ length: Math.floor((most - low) / step + 1e-9) + 1 }, (_, i) => low + i * step), place };
}

/** Leaves out ticks that would touch. */
function thinned(values: readonly number[], place: (value: number) => number): number[] {
  const kept: number[] = [];
  for (const value of values) if (kept.length === 0 || place(value) - place(kept.at(-1)!) > 0.14) kept.push(value);
  return kept;
}

function legendOf(series: readonly string[], width: number, top: number): { entries: { name: string; x: number; y: number }[]; bottom: number } {
  let [x, y] = [12, top + 12];
  const entries = series.map((name) => {
    const wide = 34 + characterWidth.text * name.length;
    if (x > 12 && x + wide > width) [x, y] = [12, y + 18];
    const entry = { name, x, y };
    x += wide;
    return entry;
  });
  return { entries, bottom: y + 8 };
}

const dashed = ';stroke-dasharray:4 3';
/** A shape as well as a colour, so that neither is needed to tell series apart. */
function markOf(index: number, x: number, y: number, colour: string, isCeiling: boolean): string {
  if (isCeiling) return `<line x1="${at(x - 6)}" x2="${at(x + 6)}" y1="${at(y)}" y2="${at(y)}" style="stroke:${colour};stroke-width:1.75${dashed}"/>`;
  const style = `fill:${colour}`;
  switch (index % 4) {
    case 0: return `<circle cx="${at(x)}" cy="${at(y)}" r="3.2" style="${style}"/>`;
    case 1: return `<rect x="${at(x - 3)}" y="${at(y - 3)}" width="6" height="6" style="${style}"/>`;
    case 2: return `<polygon points="${at(x)},${at(y - 4)} ${at(x + 3.8)},${at(y + 3)} ${at(x - 3.8)},${at(y + 3)}" style="${style}"/>`;
    default: return diamond(x, y, 4, style);
  }
}

const diamond = (x: number, y: number, r: number, style: string): string => `<polygon points="${at(x)},${at(y - r)} ${at(x + r)},${at(y)} ${at(x)},${at(y + r)} ${at(x - r)},${at(y)}" style="${style}"/>`;
const text = (x: number, y: number, content: string, colour: string, style = ''): string => `<text x="${at(x)}" y="${at(y)}" style="fill:${colour}${style ? `;${style}` : ''}">${escapeXml(content)}</text>`;
const at = (value: number): string => String(Math.round(value * 100) / 100);

/** 1, 2, 2.5, 5 or 10 times a power of ten, not below the value. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= value * (1 - 1e-9)) ?? 10 * power;
}

function printNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (Math.abs(value) >= 1e3) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

export const escapeXml = (content: string): string => content.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
