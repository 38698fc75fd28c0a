/** @file What stands in a folder, as layouts need it: sorted, hidden entries left out, nothing where the folder is missing. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder } from '../file-access';
import { isVolumeName, withoutEnding } from '../read-scan';
import { finding, type Finding } from './layout';

export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
}

/** Names of the volumes in a folder: files of a format that is read, and with `series` folders, each a DICOM series. */
export async function volumesIn(folder: string, { series = false } = {}): Promise<string[]> {
  const names: string[] = [];
  for (const name of await namesIn(folder)) if (isVolumeName(name) || (series && (await isFolder(join(folder, name))))) names.push(name);
  return names;
}

/** Files of one folder that differ in their endings alone: which is meant, nobody says. */
export function twins(folder: string, names: readonly string[]): Finding[] {
  const firstWith = new Map([...names].reverse().map((name) => [withoutEnding(name), name]));
  return names.flatMap((name) => {
    const first = firstWith.get(withoutEnding(name))!;
    return first === name ? [] : [finding(`${folder} holds both ${first} and ${name}.`, 'Take one of the two out, or give each a name of its own.')];
  });
}

/** Subfolders whose names match. */
export async function foldersIn(folder: string, pattern = /./): Promise<string[]> {
  const names: string[] = [];
  for (const name of await namesIn(folder)) if (pattern.test(name) && (await isFolder(join(folder, name)))) names.push(name);
  return names;
}

export interface Channels {
  readonly id: string;
  /** File names of the channels, in their order. */
  readonly names: readonly string[];
}

/** Images named CASE_0000, CASE_0001 ... as nnU-Net does: the channels of each case. */
export function groupChannels(names: readonly string[]): Channels[] {
  const groups = new Map<string, Map<number, string>>();
  for (const name of names) {
    const [, id, channel] = /^(.*)_(\d{4})$/.exec(withoutEnding(name)) ?? [];
    if (id === undefined) continue;
    const group = groups.get(id) ?? new Map<number, string>();
    groups.set(id, group.set(Number(channel), name));
  }
  return [...groups].map(([id, group]) => ({ id, names: [...group].sort(([a], [b]) => a - b).map(([, name]) => name) }));
}
