/** @file Which structures label files hold where no list says so, or only a table beside them. */
import { readFile } from 'node:fs/promises';
import type { Structure } from '../../contract/structure';
import { readScans } from '../read-scan';
import { finding, type Dataset, type Finding } from './layout';

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
async function valuesIn(paths: readonly string[]): Promise<number[]> {
  const values = new Set<number>();
  for (const path of paths) for (const scan of await readScans(path).catch(() => [])) for (const value of scan.data) values.add(value);
  return [...values].sort((a, b) => a - b);
}

/**
 * Structures of a list of names, or else of the values that were found, as they are: what a value means must not depend on which files happen to be there.
 * Listed values that are not 1, 2, 3 ... are renumbered in the order of the list's values, since they are the outputs of networks; values that are not listed are background then.
 */
export async function structuresIn(labelPaths: readonly string[], names: ReadonlyMap<number, string> | null, remedy: string): Promise<Pick<Dataset, 'structures' | 'labelOfCode'> & { problems: Finding[] }> {
  const values = names ? [...names.keys()].sort((a, b) => a - b) : await valuesIn(labelPaths);
  const foreground = values.filter((value) => value !== 0 && Number.isInteger(value));
  const problems = !names && foreground.some((value) => value > 255) ? [finding(`The labels go up to ${Math.max(...foreground)}, and nothing says which of them are to be segmented.`, remedy)] : [];
  const structures: Structure[] = foreground.map((value, i) => ({ value: names ? i + 1 : value, name: names?.get(value) ?? `Label ${value}` }));
  const isRenumbered = structures.some(({ value }, i) => value !== foreground[i]);
  return { structures, problems, ...(isRenumbered && { labelOfCode: new Map(foreground.map((value, i) => [value, i + 1])) }) };
}
