/** @file `gyra evaluate MODEL DATASET`: Dice per structure, upright and under rotation protocols. */
import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { BackendName } from '../../backends/choose';
import { badInput } from '../../contract/problem';
import type { RunRecord } from '../../contract/run-record';
import { readBytes, readJson, writeByRename } from '../../data/file-access';
import { openDataset, soundCases, type Dataset } from '../../data/dataset';
import { parts, type Part } from '../../data/split';
import { caseTable } from '../../evaluation/case-table';
import type { Evaluation } from '../../evaluation/evaluate';
import { defaultDegrees, protocols, type PoseName, type Protocol } from '../../evaluation/protocols';
import { shownSpread, type Summary } from '../../evaluation/statistics';
import { knownCases, type KnownCase } from '../../experiments/run-store';
import { lockRun } from '../../training/run-lock';
import { loadNetwork } from '../../training/weights-file';
import { backendOption, startChosenBackend } from '../backend-option';
import { casesNamed, evaluateCases, splitOf } from '../evaluate-cases';
import { distinctListOf, oneOf, parseCount, parseDegrees, patchHelp } from '../option-parsers';
import { progressLine } from '../progress-line';

interface Options {
  split: Part;
  cases?: string;
  protocol: Protocol[];
  degrees?: readonly number[];
  csv?: string;
  patch?: number;
  threads?: number;
  backend: BackendName;
  skipBroken?: boolean;
  record?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('Dice of a model on a data set, upright and turned')
    .argument('<model>', 'run folder; or .safetensors file, which does not say how it was trained: no margin of fill, windows of 128 voxels')
    .argument('<dataset>', 'folder of a data set')
    .option('--split <part>', `part of the split: ${parts.join(', ')}`, oneOf(parts), 'test')
    .addOption(new Option('--cases <file>', 'the cases to use instead: a JSON list, or one name a line').conflicts('split'))
    .option('--protocol <list>', `rotations, separated by commas: ${protocols.join(', ')}`, distinctListOf(oneOf(protocols)), [])
    .option('--degrees <list>', `angles of the protocol planes (default: ${defaultDegrees.join(',')})`, distinctListOf(parseDegrees))
    .option('--csv <file>', 'write Dice of every case at every pose as comma-separated values')
    .option('--patch <voxels>', patchHelp, parseCount)
    .option('--skip-broken', 'leave out cases that cannot be read, and say which')
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--record', "store the result in the run folder's run.json")
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(model: string, datasetFolder: string, options: Options): Promise<void> {
  const { protocol, degrees = defaultDegrees } = options;
  if (options.degrees && !protocol.includes('planes')) process.stderr.write('--degrees are the angles of the protocol planes, which was not asked for: they are not used. Add --protocol planes to turn by them.\n');
  if (options.record && !(protocol.includes('planes') && degrees.includes(0))) throw badInput('--record stores Dice over angle, which was not asked for.', 'Add --protocol planes, with 0 among the --degrees.');
  const dataset = await openDataset(datasetFolder, { skipBroken: options.skipBroken });
  const backend = await startChosenBackend(options.backend, { threads: options.threads });
  let unlock: (() => Promise<void>) | undefined;
  try {
    const loaded = await loadNetwork(model);
    const { record } = loaded;
    if (options.record && !record) throw badInput(`${basename(model)} is no run folder, so there is no record to add to.`, 'Give the folder that holds run.json, or leave out --record.');
    // a training that goes on would have other weights and another record by the end
    if (options.record) unlock = await lockRun(model);
    const chosen = casesNamed(dataset, await chosenCases(dataset, options, record));
    const { sound, skipped } = options.skipBroken ? await soundCases(dataset, chosen, record?.spec.lossOptions.ignoreLabel) : { sound: chosen, skipped: [] };
    for (const { case: id, reason } of skipped) process.stderr.write(`${id} is left out: ${reason}\n`);
    const known = record ? await knownCases(record, dataset.folder, sound) : [];
    if (options.record && known.length > 0) throw badInput(`${basename(model)} was ${knownText(known, sound.length)}.`, 'Record an evaluation on cases it has not seen, or leave out --record.');
    const result = await evaluateCases(loaded, dataset, sound, { name: basename(model), protocols: protocol, degrees, patch: options.patch, onProgress: progressLine('Poses') });
    if (options.csv !== undefined) await writeByRename(options.csv, caseTable(result.caseDice));
    if (options.record) await writeByRename(join(model, 'run.json'), `${JSON.stringify({ ...record, evaluation: recorded(result, dataset, options) }, null, 2)}\n`);
    process.stdout.write(options.json ? `${JSON.stringify({ ...documented(result), ...(known.length > 0 && { known }), ...(skipped.length > 0 && { skipped }) })}\n` : `${known.length > 0 ? `Not a test: ${basename(model)} was ${knownText(known, sound.length)}.\n` : ''}${printed(result)}`);
  } finally {
    await unlock?.();
    await backend.dispose();
  }
}

function knownText(known: readonly KnownCase[], of: number): string {
  const listed = known.slice(0, 5).map(({ case: id, part }) => `${id} (${part})`).join(', ');
  return `trained or tuned on ${known.length} of these ${of} cases: ${listed}${known.length > 5 ? ' ...' : ''}`;
}

async function chosenCases(dataset: Dataset, { cases, split }: Options, trained?: RunRecord): Promise<readonly string[]> {
  const chosen = cases === undefined ? (await splitOf(dataset, trained))[split] : await readCaseList(cases);
  if (chosen.length === 0) throw badInput(cases === undefined ? `The split of ${dataset.name} has no cases in ${split}.` : `${basename(cases)} lists no cases.`, `Choose another part with --split (${parts.join(', ')}), or list cases with --cases.`);
  return chosen;
}

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

function printed({ cases, mean, undefined: empty, structures, poses, worst, protocols: summaries }: Evaluation): string {
  const dice = (value: number | null): string => (value === null ? 'undefined' : value.toFixed(4));
  const spread = (summary: Summary): string => (summary.n < 2 ? '' : `, SD ${summary.sd.toFixed(4)}`);
  const lines = [
    `${cases} cases, mean Dice ${dice(mean)} upright${empty > 0 ? `; undefined, because empty in reference and prediction: ${empty}` : ''}`,
    ...Object.entries(structures).map(([name, summary]) => `  ${name}: ${dice(summary.mean)}${spread(summary)}, n ${summary.n}`),
    ...poses.map(({ protocol, plane, axis, degrees, mean: turned, interpolationCeiling, ...summary }) => `  ${protocol} ${plane ?? `about (${axis?.map((part) => part.toFixed(2)).join(', ')})`} ${degrees}°: ${dice(turned)}${spread({ ...summary, mean: turned })}, n ${summary.n}; interpolation alone leaves ${dice(interpolationCeiling)}`),
    ...Object.entries(summaries).map(([protocol, summary]) => `${named[protocol as PoseName['protocol']]}: ${dice(summary.mean)}${summary.n < 2 ? '' : `, SE ${shownSpread(summary).se!.toFixed(4)}`}${summary.interval ? `, 95 % interval ${dice(summary.interval.low)} to ${dice(summary.interval.high)} over ${summary.interval.subjects} subjects` : ''}; 5th percentile of ${summary.casePoses} case-poses ${dice(summary.fifthPercentile)}`),
    ...(worst ? [`Worst: ${dice(worst.dice)}, ${worst.case}, ${worst.pose.protocol} ${worst.pose.plane ?? ''} ${worst.pose.degrees}°`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const named: Readonly<Record<PoseName['protocol'], string>> = { upright: 'Upright', planes: 'Planes, turned poses', 'right-angles': 'Right angles, turned poses', cone: 'Cone (cone60-v1)' };
