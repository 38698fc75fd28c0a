/** @file Golden numbers as tests read them: the copies in test/golden, and the full fixtures beside the repository where they are. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '../../engine/data/safetensors';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { sharedPath } from './shared-folder';

const golden = (name: string): string => fileURLToPath(new URL(`../golden/${name}.safetensors`, import.meta.url));

export interface GoldenFile {
  /** `case/tensor` names. */
  readonly names: readonly string[];
  /** Description of each case. */
  readonly cases: Readonly<Record<string, Record<string, unknown>>>;
  has(name: string): boolean;
  get(name: string): NumberArray;
}

export const goldenFile = (name: string): GoldenFile => open(golden(name));

/** A fixture of the shared folder, or undefined where it is not there: its tests are extra. */
export function fixtureFile(name: string): GoldenFile | undefined {
  const path = sharedPath(`fixtures/${name}.safetensors`);
  return path === null ? undefined : open(path);
}

function open(path: string): GoldenFile {
  const { tensors, metadata } = readSafetensors(readFileSync(path));
  const get = (name: string): NumberArray => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`no golden tensor ${name}`);
    return { shape: tensor.shape, data: Float64Array.from(tensor.data as Float64Array) };
  };
  return { names: [...tensors.keys()], cases: (JSON.parse(metadata.spec) as { cases: GoldenFile['cases'] }).cases, has: (name) => tensors.has(name), get };
}
