/** @file The table of a study, as Markdown for people and as comma-separated values with all digits. */
import { writeCsv } from '../data/csv';
import type { StudyRecord, Table } from './study-record';

export const tableCsv = ({ columns, rows }: Table): string => writeCsv(columns, rows);

/** Question, table, what it shows, what failed. */
export function studyMarkdown({ spec, dataset, runs, results, quick }: StudyRecord): string {
  const failed = runs.filter(({ status }) => status === 'failed');
  const lines = [
    `# ${spec.name}: ${spec.question}`,
    `Data set ${dataset}${quick ? ' (phantom, sizes for a quick look)' : ''}, part ${spec.part}${spec.paper ? `; in the paper: ${spec.paper}` : ''}. Not a medical device.`,
    ...(results ? [markdownTable(shortTable(results.table)), `${results.figure.bandLabel}. All columns are in table.csv.`, ...results.findings.map((finding) => `- ${finding}`)] : []),
    ...failed.map(({ series, x, seed, problem }) => `- Failed: ${[series, x === series ? undefined : x, `seed ${seed}`].filter((part) => part !== undefined).join(', ')}: ${problem?.message}`),
  ];
  return `${lines.join('\n\n')}\n`;
}

/** Mean and standard error in one column, and what is read first. */
export function shortTable({ columns, rows }: Table): Table {
  const joined = columns.filter((column) => column.endsWith(' SE')).map((column) => column.slice(0, -3));
  const isShort = (column: string): boolean => !/ (SE|SD|95 % low|95 % high)$/.test(column) && !['worst case', 'worst pose', 'empty in both', 'machine', 'parameters'].includes(column);
  const names = (column: string): string => (column.endsWith(' Dice') && joined.includes(column.slice(0, -5)) ? `${column} (SE)` : column);
  const shown = columns.filter(isShort);
  return {
    columns: shown.map(names),
    rows: rows.map((row) => Object.fromEntries(shown.map((column) => {
      const se = row[`${column.slice(0, -5)} SE`];
      return [names(column), names(column) === column || se === null ? (row[column] ?? null) : `${printCell(row[column] ?? null)} (${printCell(se ?? null)})`];
    }))),
  };
}

export function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map((row) => line(columns.map((column) => printCell(row[column] ?? null))))].join('\n');
}

/** Whole numbers whole, others to three digits after the point, small ones to three that count. */
export function printCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return Math.abs(value) >= 0.01 ? value.toFixed(3) : String(Number(value.toPrecision(3)));
}
