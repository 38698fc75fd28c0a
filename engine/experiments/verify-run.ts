/** @file Whether a run is what its record says: the same data, and the same weights when it is trained again. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { badInput } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import type { TrainingSpec } from '../contract/training-spec';
import { exists, readBytes } from '../data/file-access';
import { readSafetensors, toHalfPrecision } from '../data/safetensors';
import { RunFolder } from '../training/run-folder';
import type { TrainProgress } from '../training/train';
import { openDataset } from '../data/dataset';
import { changedCases } from './run-store';

export interface Verification {
  readonly isEqual: boolean;
  /** What was compared and is the same. */
  readonly same: readonly string[];
  /** What differs. */
  readonly different: readonly string[];
  /** Circumstances other than the record's: they may explain a difference, and need not make one. */
  readonly circumstances: readonly string[];
}

/** Trains into a folder, going on with what is there; ends after the epoch that is running where `oneEpoch` says so, and is cancelled where `onStep` says so. */
export type Repeat = (spec: TrainingSpec, runFolder: string, options: { oneEpoch: boolean; onStep(progress: TrainProgress): 'go on' | 'cancel' }) => Promise<RunRecord | 'cancelled'>;

/**
 * Repeats a run in a temporary folder. A run that did not come to its end is repeated up to the epoch it reached.
 * @param steps Only the first so many steps, by their losses.
 */
export async function verifyRun(runFolder: string, datasetFolder: string, repeat: Repeat, steps?: number): Promise<Verification> {
  const folder = new RunFolder(runFolder);
  const record = await folder.readRecord();
  if (record.epochs === 0) throw badInput(`${basename(runFolder)} has not finished an epoch, so there is nothing to repeat.`, 'Give a run that has.');
  const changed = await changedCases(record, await openDataset(datasetFolder, { skipBroken: record.spec.data.skipBroken }));
  if (changed.length > 0) return { isEqual: false, same: [], different: [`data: ${changed.length} of ${record.data.length} cases are not those of the record (${changed.slice(0, 3).join(', ')}${changed.length > 3 ? ', ...' : ''}); nothing was trained`], circumstances: [] };
  const same = [`data: SHA-256 of ${record.data.length} cases`];
  const different: string[] = [];
  const say = (isSame: boolean, what: string, otherwise: string): unknown => (isSame ? same.push(what) : different.push(otherwise));

  const losses = (await folder.readMetrics()).filter(({ name, context }) => name === 'loss' && context['split'] === 'train').map(({ value }) => value);
  const temporary = await mkdtemp(join(tmpdir(), 'gyra-verify-'));
  const again = join(temporary, 'run');
  try {
    const seen: number[] = [];
    const last = Math.min(steps ?? record.steps, record.steps);
    const onStep = ({ step, loss, validationDice }: TrainProgress): 'go on' | 'cancel' => {
      if (validationDice === null && step === seen.length + 1) seen.push(loss);
      return steps !== undefined && step >= last ? 'cancel' : 'go on';
    };
    if (steps !== undefined || record.status === 'done') await repeat(record.spec, again, { oneEpoch: false, onStep });
    else for (let epoch = 0; epoch < record.epochs; epoch++) await repeat(record.spec, again, { oneEpoch: true, onStep });

    const compared = Math.min(last, losses.length);
    const first = losses.slice(0, compared).findIndex((loss, i) => loss !== seen[i]);
    if (losses.length > 0) say(first < 0, `loss of each of the first ${compared} steps`, `loss of step ${first + 1}: ${losses[first]} in the run, ${seen[first] ?? 'not reached'} now`);
    if (steps === undefined) for (const name of ['best', 'last'] as const) {
      if (!(await exists(folder[name]))) continue;
      const [before, now] = [await weightsHash(folder[name]), await weightsHash(new RunFolder(again)[name], await isHalf(folder[name]))];
      say(before === now, `${name} weights: ${now.slice(0, 16)}`, `${name} weights: ${before.slice(0, 16)} in the run, ${now.slice(0, 16)} now`);
    }
    if (same.length + different.length < 2) throw badInput(`${basename(runFolder)} has neither metrics.jsonl nor weights to compare with.`, 'Give the whole folder of the run.');
    return { isEqual: different.length === 0, same, different, circumstances: circumstancesOf(record, await new RunFolder(again).readRecord()) };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Threads make no difference to any bit, so they are not named. */
function circumstancesOf({ environment: before }: RunRecord, { environment: now }: RunRecord): string[] {
  const named = { version: 'version of Gyra', backend: 'backend', kernelVariant: 'kernel variant', node: 'Node', machine: 'machine' } as const;
  return (Object.keys(named) as (keyof typeof named)[]).filter((key) => before[key] !== now[key]).map((key) => `${named[key]}: ${before[key]} in the run, ${now[key]} now`);
}

/** SHA-256 over names, shapes and values of all tensors, and of nothing else in the file: a checkpoint also holds seconds. */
async function weightsHash(path: string, asHalf = false): Promise<string> {
  const bytes = await readBytes(path);
  const { tensors } = readSafetensors(asHalf ? toHalfPrecision(bytes, basename(path)) : bytes, basename(path));
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name} [${shape.join()}]\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** Weights may have been rounded to half precision since they were trained (`gyra export --half`). */
const isHalf = async (path: string): Promise<boolean> => [...readSafetensors(await readBytes(path), basename(path)).tensors.values()].some(({ dtype }) => dtype === 'F16');
