/** @file Which structures label files hold where no list says so, or only a table beside them. */
import { readFile } from 'node:fs/promises';
import type { Structure } from '../../contract/structure';
import { readScans } from '../read-scan';
import type { Dataset } from './layout';

/** Names by label value: JSON as {"1": "name"}, or a table with the columns index and name (BIDS, "Common image-derived labels"). */
export async function readLabelNames(path: string): Promise<Map<number, string> | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, unknown>).map(([value, name]) => [Number(value), String(name)]));
  } catch {
    const [head = [], ...rows] = text.split(/\r?\n/).filter((line) => line.trim() !== '').map((line) => line.split('\t'));
    const [index, name] = [head.indexOf('index'), head.indexOf('name')];
    return index < 0 ? null : new Map(rows.map((row) => [Number(row[index]), row[name] || `Label ${row[index]}`]));
  }
}

/** Every value that stands in the label files, in order. A file that cannot be read is told by the check of its case. */
export async function valuesIn(paths: readonly string[]): Promise<number[]> {
  const values = new Set<number>();
  for (const path of paths) for (const scan of await readScans(path).catch(() => [])) for (const value of scan.data) values.add(value);
  return [...values].sort((a, b) => a - b);
}

/** Structures of the values, background left out. Values that are not 1, 2, 3 ... are renumbered in their order, since they are the outputs of networks. */
export function structuresOfValues(values: readonly number[], names: ReadonlyMap<number, string> | null): Pick<Dataset, 'structures' | 'labelOfCode'> {
  const foreground = values.filter((value) => value !== 0 && Number.isInteger(value));
  const structures: Structure[] = foreground.map((value, i) => ({ value: i + 1, name: names?.get(value) ?? `Label ${value}` }));
  const isNumbered = foreground.every((value, i) => value === i + 1);
  return { structures, ...(!isNumbered && { labelOfCode: new Map(foreground.map((value, i) => [value, i + 1])) }) };
}
