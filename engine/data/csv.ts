/** @file Tables as comma-separated values (RFC 4180): what is written reads back the same. */
import { badInput } from '../contract/problem';

export type CsvRow = Readonly<Record<string, string | number | null>>;

/** One line a row under the names of the columns; null is empty. Numbers keep all their digits. */
export function writeCsv(columns: readonly string[], rows: readonly CsvRow[]): string {
  const line = (cells: readonly (string | number | null)[]) => `${cells.map((cell) => quoted(String(cell ?? ''))).join(',')}\n`;
  return line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? null))).join('');
}

/** Rows by the names of the columns in the first line. @param name of the file, for messages */
export function readCsv(text: string, name: string): Record<string, string>[] {
  const [columns, ...lines] = cellsOf(text.replace(/^\uFEFF/, ''));
  if (!columns) throw badInput(`${name} is empty.`, 'Give a file whose first line names the columns.');
  return lines.map((cells, i) => {
    if (cells.length !== columns.length) throw badInput(`${name}: line ${i + 2} has ${cells.length} cells and the first line ${columns.length}.`, 'Correct this line; a cell that holds a comma is put in double quotes.');
    return Object.fromEntries(columns.map((column, at) => [column.trim(), cells[at]]));
  });
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Cells by line; lines that are empty are left out. */
function cellsOf(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quotedCell, plainCell, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    lines.at(-1)!.push(quotedCell?.replaceAll('""', '"') ?? plainCell ?? '');
    if (end !== ',') lines.push([]);
  }
  return lines.filter((cells) => cells.some((cell) => cell !== ''));
}
