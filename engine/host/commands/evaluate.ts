/** @file `gyra evaluate MODEL DATASET`: Dice per structure, upright and under rotation protocols. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { BackendName } from '../../backends/choose';
import { acceptedSizes } from '../../contract/network-sizes';
import { badInput } from '../../contract/problem';
import type { RunRecord } from '../../contract/run-record';
import { readBytes, readJson, writeByRename } from '../../data/file-access';
import { loadCase, openDataset, type CaseFiles, type Dataset } from '../../data/dataset';
import { isFarFromCubic, printSpacing } from '../../data/nifti-geometry';
import { parts, readSplit, type Part, type Split } from '../../data/split';
import { evaluate, type Evaluation } from '../../evaluation/evaluate';
import { predictVolume } from '../../evaluation/predict-volume';
import { defaultDegrees, protocols, type Protocol } from '../../evaluation/protocols';
import { loadNetwork } from '../../training/weights-file';
import { backendOption, startChosenBackend } from '../backend-option';
import { listOf, oneOf, parseCount, parseDegrees } from '../option-parsers';
import { progressLine } from '../progress-line';

interface Options {
  split: Part;
  cases?: string;
  protocol: Protocol[];
  degrees: readonly number[];
  threads?: number;
  backend: BackendName;
  record?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('Dice of a model on a data set, upright and turned')
    .argument('<model>', 'run folder, or .safetensors file')
    .argument('<dataset>', 'folder with dataset.json')
    .option('--split <part>', `part of the split: ${parts.join(', ')}`, oneOf(parts), 'test')
    .addOption(new Option('--cases <file>', 'the cases to use instead: a JSON list, or one name a line').conflicts('split'))
    .option('--protocol <list>', `rotations, separated by commas: ${protocols.join(', ')}`, listOf(oneOf(protocols)), [])
    .option('--degrees <list>', 'angles of the protocol planes', listOf(parseDegrees), defaultDegrees)
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--record', "store the result in the run folder's run.json")
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(model: string, datasetFolder: string, options: Options): Promise<void> {
  const { protocol, degrees } = options;
  if (options.record && !(protocol.includes('planes') && degrees.includes(0))) throw badInput('--record stores Dice over angle, which was not asked for.', 'Add --protocol planes, with 0 among the --degrees.');
  const dataset = await openDataset(datasetFolder);
  const backend = await startChosenBackend(options.backend, { threads: options.threads });
  try {
    const { network, spec, record } = await loadNetwork(model);
    if (options.record && !record) throw badInput(`${basename(model)} is no run folder, so there is no record to add to.`, 'Give the folder that holds run.json, or leave out --record.');
    if (dataset.structures.some(({ value }) => value >= spec.outputs)) throw badInput(`${basename(model)} tells ${spec.outputs - 1} structures apart, and ${dataset.name} has ${dataset.structures.length}.`, 'Evaluate the model on a data set with the structures it was trained on.');
    if (dataset.contrasts.length !== spec.inputs) throw badInput(`${basename(model)} takes ${spec.inputs} contrasts of each case, and ${dataset.name} has ${dataset.contrasts.length} (${dataset.contrasts.join(', ')}).`, 'Evaluate the model on a data set with the contrasts it was trained on.');
    const chosen = await chosenCases(dataset, options, record);
    const cases = chosen.map((one) => ({
      id: one.id,
      async load() {
        const loaded = await loadCase(dataset, one);
        if (protocol.length > 0 && isFarFromCubic(loaded.images[0]!.spacingMm)) process.stderr.write(`${one.id}: voxels of ${printSpacing(loaded.images[0]!.spacingMm)} are far from cubes; turning works on voxels, so the turned anatomy is distorted.\n`);
        return loaded;
      },
    }));
    const result = await evaluate(
      (images, shape, isCancelled) => predictVolume(network, images, shape, isCancelled),
      cases,
      { structures: dataset.structures, protocols: protocol, degrees, sizes: acceptedSizes(spec) },
      progressLine('Poses'),
    );
    if (options.record) await writeByRename(join(model, 'run.json'), `${JSON.stringify({ ...record, evaluation: recorded(result, dataset, options) }, null, 2)}\n`);
    process.stdout.write(options.json ? `${JSON.stringify(documented(result))}\n` : printed(result));
  } finally {
    await backend.dispose();
  }
}

async function chosenCases(dataset: Dataset, { cases, split }: Options, trained?: RunRecord): Promise<CaseFiles[]> {
  const chosen = cases === undefined ? (await splitOf(dataset, trained))[split] : await readCaseList(cases);
  if (chosen.length === 0) throw badInput(cases === undefined ? `The split of ${dataset.name} has no cases in ${split}.` : `${basename(cases)} lists no cases.`, `Choose another part with --split (${parts.join(', ')}), or list cases with --cases.`);
  return [...new Set(chosen)].map((id) => {
    const found = dataset.cases.find((one) => one.id === id);
    if (!found) throw badInput(`${dataset.name} has no case ${id}.`, 'Correct the name; gyra info on the data set says what it holds.');
    return found;
  });
}

/** The split the model was trained with, where the data set has it. */
async function splitOf(dataset: Dataset, trained?: RunRecord): Promise<Split> {
  const file = trained?.spec.data.split;
  return readSplit(dataset, { file: file && (await exists(join(dataset.folder, file))) ? file : undefined, seed: trained?.spec.seed ?? 0 });
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

async function readCaseList(path: string): Promise<readonly string[]> {
  const text = new TextDecoder().decode(await readBytes(path)).trim();
  if (text.startsWith('[')) return readJson(path, z.array(z.string()));
  return text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
}

function recorded({ poses }: Evaluation, dataset: Dataset, { cases, split }: Options): RunRecord['evaluation'] {
  const curve = poses.flatMap(({ plane, degrees, mean, sd, n }) => (plane && mean !== null ? [{ plane, degrees, mean, sd, n }] : []));
  const upright = curve.find(({ degrees }) => degrees === 0);
  if (!upright) throw badInput('No Dice is defined upright, so there is nothing to record.', 'Evaluate cases whose reference is not empty.');
  return { dataset: dataset.name, split: cases === undefined ? split : basename(cases), upright: { mean: upright.mean, sd: upright.sd, n: upright.n }, curve };
}

/** The JSON document other programs rely on; the interpolation ceiling is said to people only. */
const documented = ({ poses, ...rest }: Evaluation) => ({ ...rest, poses: poses.map(({ interpolationCeiling: _, ...pose }) => pose) });

function printed({ cases, mean, undefined: empty, structures, poses, worst }: Evaluation): string {
  const dice = (value: number | null): string => (value === null ? 'undefined' : value.toFixed(4));
  const lines = [
    `${cases} cases, mean Dice ${dice(mean)} upright${empty > 0 ? `; undefined, because empty in reference and prediction: ${empty}` : ''}`,
    ...Object.entries(structures).map(([name, { mean: own, sd, n }]) => `  ${name}: ${dice(own)}, SD ${sd.toFixed(4)}, n ${n}`),
    ...poses.map(({ protocol, plane, axis, degrees, mean: turned, sd, n, interpolationCeiling }) => `  ${protocol} ${plane ?? `about (${axis?.map((part) => part.toFixed(2)).join(', ')})`} ${degrees}°: ${dice(turned)}, SD ${sd.toFixed(4)}, n ${n}; interpolation alone leaves ${dice(interpolationCeiling)}`),
    ...(worst ? [`Worst: ${dice(worst.dice)}, ${worst.case}, ${worst.pose.protocol} ${worst.pose.plane ?? ''} ${worst.pose.degrees}°`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
