/** @file `gyra info PATH`: what a volume, data set, run or model file is, and what is wrong with it. */
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { modelSpec } from '../../contract/model-spec';
import { badInput, GyraError, problemFrom, type Problem } from '../../contract/problem';
import { runRecord } from '../../contract/run-record';
import { readBytes, readJson } from '../../data/file-access';
import { checkCases, surveyDataset, type Finding } from '../../data/dataset';
import { intensityProblem } from '../../data/nifti';
import { geometryNotices } from '../../data/nifti-geometry';
import { isDicomFolder, readScans } from '../../data/read-scan';
import type { Scan } from '../../data/scan';
import { readSafetensors } from '../../data/safetensors';
import { parts, readSplit } from '../../data/split';
import { printShape } from '../../math/volume';
import { progressLine } from '../progress-line';

/** Everything to say about a path, in the order it is said. */
interface Description {
  readonly kind: 'volume' | 'dataset' | 'run' | 'model';
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly problems: readonly Pick<Problem, 'message' | 'remedy'>[];
  /** Odd, and no reason to refuse. */
  readonly notices?: readonly string[];
}

export function register(program: Command): void {
  program
    .command('info')
    .description('what a volume, data set, run or model file is, and what is wrong with it')
    .argument('<path>', 'volume (NIfTI, NRRD, MetaImage, MGH, folder of a DICOM series), data set folder, run folder, run.json or .safetensors file')
    .option('--json', 'print one JSON document')
    .action(info);
}

async function info(path: string, { json }: { json?: boolean }): Promise<void> {
  const { kind, name, facts, problems, notices } = await describe(resolve(path));
  if (json) process.stdout.write(`${JSON.stringify({ kind, name, ...facts, problems, ...(notices && { notices }) })}\n`);
  else process.stdout.write([`${name}: ${kind}`, ...Object.entries(facts).map(([key, value]) => `  ${key}: ${printed(value)}`), ...(notices ?? []).map((notice) => `Notice: ${notice}`), ...problems.map(({ message, remedy }) => `Problem: ${message} ${remedy}`), ''].join('\n'));
  if (problems.length > 0) throw new GyraError('bad-input', `${name} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}, listed above.`, 'Put it right before training or evaluating with it.');
}

async function describe(path: string): Promise<Description> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new GyraError('not-found', `${basename(path)} was not found.`, 'Check the spelling and the folder.');
  if (found.isFile()) {
    if (path.endsWith('.safetensors')) return describeModel(path);
    return basename(path) === 'run.json' ? describeRun(resolve(path, '..')) : describeVolume(path);
  }
  return (await stat(join(path, 'run.json')).catch(() => null)) ? describeRun(path) : (await isDicomFolder(path)) ? describeVolume(path) : describeDataset(path);
}

async function describeVolume(path: string): Promise<Description> {
  const name = basename(path);
  const scans = await readScans(path);
  const [{ data, shape, spacingMm, orientation, storedType, geometry }] = scans as [Scan];
  const problem = scans.map((scan) => intensityProblem(scan.data)).find((found) => found !== null);
  const lowest = data.reduce((low, value) => Math.min(low, value), Infinity);
  const highest = data.reduce((high, value) => Math.max(high, value), -Infinity);
  const counts = labelCounts(data);
  return {
    kind: 'volume',
    name,
    facts: { shape, ...(scans.length > 1 && { contrasts: scans.length }), spacingMm, orientation, storedType, lowest, highest, ...(counts && { labels: counts }) },
    problems: problem ? [{ message: `${name}: ${problem}.`, remedy: 'It can be no image to segment; export the scan again from its source.' }] : [],
    notices: geometryNotices(geometry),
  };
}

/** Voxels of each label, where the values may be labels: a few whole numbers from 0. */
function labelCounts(data: Float32Array): Record<string, number> | null {
  const counts = new Map<number, number>();
  for (const value of data) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (!Number.isInteger(value) || value < 0 || counts.size > 32) return null;
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b));
}

async function describeDataset(folder: string): Promise<Description> {
  const { dataset, layout, problems } = await surveyDataset(folder);
  const { name, structures, contrasts, cases } = dataset;
  const found: Finding[] = [...problems];
  // What is wrong with one case does not keep the others from being looked at.
  const suspects = new Set(problems.map((problem) => problem.case));
  const checked = await checkCases({ ...dataset, cases: cases.filter(({ id }) => !suspects.has(id)) }, progressLine('Cases read'));
  found.push(...checked.problems);
  const split = cases.length === 0 ? null : await readSplit(dataset, { seed: 0 }).catch((thrown: unknown) => (found.push(problemFrom(thrown)), null));
  const empty = split ? parts.filter((part) => split[part].length === 0).map((part) => `The split leaves no case for ${part}.`) : [];
  return {
    kind: 'dataset',
    name,
    facts: { ...(layout !== null && { layout }), cases: cases.length, contrasts, structures, ...(split && { split: Object.fromEntries(parts.map((part) => [part, split[part].length])) }) },
    problems: found.map(({ message, remedy }) => ({ message, remedy })),
    notices: [...checked.notices, ...empty],
  };
}

async function describeRun(folder: string): Promise<Description> {
  const { status, spec, parameters, structures, data, steps, epochs, bestEpoch, bestValidationDice, wallSeconds, environment, evaluation } = await readJson(join(folder, 'run.json'), runRecord);
  const weights = await stat(join(folder, 'best.safetensors')).catch(() => null);
  return {
    kind: 'run',
    name: spec.name,
    facts: { status, model: spec.model, parameters, structures, trainingCases: data.filter(({ part }) => part === 'train').length, steps, epochs, bestEpoch, bestValidationDice, wallSeconds, environment, ...(evaluation && { evaluation }) },
    problems: weights ? [] : [{ message: `${spec.name} has no best.safetensors, so it cannot predict yet.`, remedy: 'Let the training finish an epoch, with gyra train --resume.' }],
  };
}

async function describeModel(path: string): Promise<Description> {
  const name = basename(path);
  const { tensors, metadata } = readSafetensors(await readBytes(path), name);
  const spec = modelSpec.safeParse(parseJson(metadata.spec, name));
  const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    kind: 'model',
    name,
    facts: { ...(spec.success && { model: spec.data }), tensors: tensors.size, parameters },
    problems: spec.success ? [] : [{ message: `${name} does not say which network its weights belong to.`, remedy: 'Give a file written by gyra train.' }],
  };
}

function parseJson(text: string | undefined, name: string): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw badInput(`${name} has a damaged description of its network.`, 'Copy or download the file again.');
  }
}

function printed(value: unknown): string {
  if (Array.isArray(value) && value.every((part) => typeof part === 'number')) return value.every(Number.isInteger) ? printShape(value) : value.join(' x ');
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
