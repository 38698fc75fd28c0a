/** @file `gyra study NAME|FILE`: many trainings, one table and one figure; interrupted, the same command goes on. */
import { basename, join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import type { BackendName } from '../../backends/choose';
import type { Shape } from '../../contract/engine-api';
import { badInput, GyraError } from '../../contract/problem';
import { runRecord, type RunRecord } from '../../contract/run-record';
import { classCount } from '../../contract/structure';
import { trainingSpec, type TrainingSpec } from '../../contract/training-spec';
import { loadCase, openDataset, structuresBeside, type Dataset } from '../../data/dataset';
import { isFile, isFolder, readJson, sha256 } from '../../data/file-access';
import { writePhantomDataset } from '../../data/phantom/write-phantom-dataset';
import { readSplit } from '../../data/split';
import { protocols, type Protocol } from '../../evaluation/protocols';
import { quickened, quickOptions, quickPhantoms } from '../../experiments/quick';
import { runStudy } from '../../experiments/run-study';
import { builtInStudy, irrepsOf, isStudyName, rotationDegrees, studyNames, type StudyName } from '../../experiments/studies';
import type { StudyRecord } from '../../experiments/study-record';
import { longestSeries, studySpec, withoutPlace, type StudySpec } from '../../experiments/study-spec';
import { studyMarkdown } from '../../experiments/study-table';
import { backendOption } from '../backend-option';
import { casesNamed } from '../evaluate-cases';
import { collect, distinctListOf, listOf, oneOf, parseCount, parseDegrees, parseMinutes } from '../option-parsers';
import { progressLine } from '../progress-line';
import { findDatasetFolder, readTrainingSpec } from '../read-training-spec';
import { studyHost } from '../study-host';

interface Options {
  dataset?: string;
  quick?: boolean;
  base?: string;
  set: string[];
  out?: string;
  store: string;
  minutesPerRun?: number;
  seeds?: number;
  models?: string[];
  runs?: [series: string, folder: string][];
  irreps?: string[];
  sizes?: number[];
  protocol?: Protocol[];
  degrees?: number[];
  bestRate?: boolean;
  spread?: StudySpec['spread'];
  threads?: number;
  backend: BackendName;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('study')
    .description(`one of the paper's studies (${studyNames.join(', ')}), or a study file`)
    .argument('<study>', 'name, or file with the spec of a study')
    .option('--dataset <folder>', "data set (default: the base spec's)")
    .addOption(new Option('--quick', 'small networks on phantoms: minutes, not hours').conflicts(['dataset', 'base', 'set', 'runs']))
    .option('--base <spec>', 'what all trainings share: a spec file or preset (default: hippocampus-steerable)')
    .option('--set <key=value>', 'change one field of what they share; may be given again', collect, [])
    .option('--out <folder>', "the study's folder (default: studies/<name>)")
    .option('--store <folder>', 'folder of trained runs, shared by studies', 'runs')
    .option('--minutes-per-run <minutes>', 'stop each training after so many minutes', parseMinutes)
    .option('--seeds <count>', "train everything with so many seeds, from the base spec's on", parseCount)
    .option('--models <list>', 'only these series, as in steerable,ordinary', distinctListOf(String))
    .option('--runs <list>', 'runs that are there already, as in steerable=FOLDER,ordinary=FOLDER', listOf(parseRun))
    .option('--irreps <list>', 'ratios or widths to compare, as in 8:4:2,4:4:4', distinctListOf(irrepsOf))
    .option('--sizes <list>', 'training-set sizes', distinctListOf(parseCount))
    .option('--protocol <list>', `rotations beside upright, separated by commas: ${protocols.join(', ')} (default: the study's)`, distinctListOf(oneOf(protocols)))
    .option('--degrees <list>', 'angles of the protocol planes', distinctListOf(parseDegrees))
    .option('--best-rate', "train with the learning rate 0.001 too, and show each model's best on validation beside the common one")
    .option('--spread <kind>', 'what bands show: SE or SD over cases, or seeds (SD over seeds)', oneOf(['SE', 'SD', 'seeds']))
    .option('--threads <count>', 'threads to compute with', parseCount)
    .addOption(backendOption())
    .option('--json', 'print the record as one JSON document')
    .action(run);
}

async function run(nameOrFile: string, options: Options): Promise<void> {
  refuseUnused(nameOrFile, options);
  const { store, threads, backend, json, quick = false } = options;
  const { study, datasetFolder, name } = await prepared(nameOrFile, options);
  const trained = new Map(options.runs);
  const twice = options.runs?.find(([series], i, runs) => runs.findIndex(([other]) => other === series) < i);
  if (twice) throw badInput(`--runs gives two runs for ${twice[0]}.`, 'Give each a name of its own.');
  const spec = withOptions(await withRuns(study, trained, options.models), options);
  const out = outOf(name, options);
  if (spec.seeds.length > 1) await refuseMovingSplit(datasetFolder, spec);
  const { host, stop } = studyHost({ datasetFolder, minutesPerRun: spec.minutesPerRun, threads, backend });
  // a second Ctrl-C does not wait
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const record = await runStudy({ spec, datasetFolder, out, store, quick, trained }, host);
    process.stdout.write(json ? `${JSON.stringify(record)}\n` : `${studyMarkdown(record)}\nIn ${basename(out)}: study.json, figure.svg, figure.csv, table.md, table.csv.\n`);
    refuseFailed(record);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

const outOf = (name: string, { out, quick }: Options): string => out ?? join('studies', quick ? `${name}-quick` : name);

/** An option that would change nothing is no option of this study. */
function refuseUnused(study: string, { base, set, irreps, sizes, protocol, degrees, bestRate, spread }: Options): void {
  const [isOwn, isCost] = [study.endsWith('.json'), study === 'cost'];
  const unused = Object.entries({
    '--base': base !== undefined && isOwn,
    '--set': set.length > 0 && isOwn,
    '--irreps': irreps !== undefined && (isOwn || (isStudyName(study) && !['irreps-ratio', 'parameters'].includes(study))),
    '--sizes': sizes !== undefined && (isOwn || (isStudyName(study) && study !== 'set-size')),
    '--protocol': protocol !== undefined && isCost,
    '--degrees': degrees !== undefined && isCost,
    '--best-rate': bestRate === true && isCost,
    '--spread': spread !== undefined && isCost,
  }).flatMap(([option, isUnused]) => (isUnused ? [option] : []));
  if (unused.length > 0) throw badInput(`${unused.join(' and ')} ${unused.length === 1 ? 'changes' : 'change'} nothing in the study ${basename(study)}.`, isOwn ? 'Leave it out, and change the study file instead.' : 'Leave it out, or give another study.');
}

/** The study before options change it, and the folder of its data set. */
async function prepared(nameOrFile: string, options: Options): Promise<{ study: StudySpec; datasetFolder: string; name: string }> {
  const { irreps, sizes } = options;
  const given = Object.fromEntries(Object.entries({ irreps, sizes }).filter(([, value]) => value !== undefined));
  if (!isStudyName(nameOrFile)) return fromFile(nameOrFile, options);
  if (options.quick) {
    const datasetFolder = join(outOf(nameOrFile, options), 'phantoms');
    if (!(await isFolder(datasetFolder))) await writePhantoms(datasetFolder);
    return { study: quickened(builtInStudy(nameOrFile, { ...quickOptions(nameOrFile), ...given })), datasetFolder, name: nameOrFile };
  }
  const { base, datasetFolder, namesPatchSize } = await baseSpec(nameOrFile, options);
  const dataset = await openDataset(datasetFolder, { skipBroken: base.data.skipBroken });
  const split = await readSplit(dataset, { file: base.data.split, seed: base.seed, sizes: base.data.splitSizes });
  const shapes = nameOrFile === 'cost' && !namesPatchSize ? await shapesOf(dataset, split.train.slice(0, base.data.trainingCases), base) : [];
  return { study: builtInStudy(nameOrFile, { base, trainingCases: split.train.length, shapes, ...given }), datasetFolder, name: nameOrFile };
}

async function shapesOf(dataset: Dataset, cases: readonly string[], { data: { skipBroken }, lossOptions: { ignoreLabel } }: TrainingSpec): Promise<Shape[]> {
  const shapes: Shape[] = [];
  for (const files of casesNamed(dataset, cases))
    await loadCase(dataset, files, ignoreLabel).then(({ labels }) => shapes.push(labels.shape), (thrown: unknown) => {
      if (!skipBroken) throw thrown;
    });
  return shapes;
}

async function fromFile(file: string, { quick, dataset }: Options): Promise<{ study: StudySpec; datasetFolder: string; name: string }> {
  if (!file.endsWith('.json')) throw badInput(`${basename(file)} is no study.`, `Give one of ${studyNames.join(', ')}, or a JSON file.`);
  if (quick) throw badInput('--quick is for the studies with a name.', `Give one of ${studyNames.join(', ')}.`);
  const written = await readJson(file, z.looseObject({}));
  const study = await readJson(file, studySpec);
  const own = study.arms.flatMap(({ spec, trained }) => (trained ? [] : [spec]));
  if (!('seeds' in written) && own.length > 0) study.seeds = sharedBy(own.map(({ seed }) => seed), 'seeds', file);
  if (!('learningRates' in written) && own.length > 0) study.learningRates = sharedBy(own.map(({ optimiser }) => optimiser.learningRate), 'learningRates', file);
  const folder = await findDatasetFolder(dataset ?? study.arms[0]!.spec.data.dataset, file);
  return { study: { ...study, arms: study.arms.map((arm) => ({ ...arm, spec: withoutPlace(arm.spec) })) }, datasetFolder: folder, name: study.name };
}

/** What a study file leaves to its arms, and a study has but once. */
function sharedBy(values: readonly number[], field: string, file: string): number[] {
  const different = [...new Set(values)];
  if (different.length > 1) throw badInput(`${basename(file)}: field "${field}" is not there, and its arms have ${different.join(', ')}.`, `Give ${field} as a list: every arm is trained with each.`);
  return different;
}

/** What all trainings share, with inputs and outputs of the data set. */
async function baseSpec(name: StudyName, { base = 'hippocampus-steerable', set, dataset }: Options): Promise<{ base: TrainingSpec; datasetFolder: string; namesPatchSize: boolean }> {
  const { spec, file, namesPatchSize } = await readTrainingSpec(base, set);
  const datasetFolder = await findDatasetFolder(dataset ?? spec.data.dataset, file);
  const { structures, contrasts, ignoreLabel = spec.lossOptions.ignoreLabel } = await openDataset(datasetFolder, { skipBroken: spec.data.skipBroken });
  const split = spec.data.split !== undefined && (await isFile(join(datasetFolder, spec.data.split))) ? spec.data.split : undefined;
  if (dataset === undefined && split !== spec.data.split) throw badInput(`${basename(datasetFolder)} has no ${spec.data.split}.`, 'Give the split with --set data.split=FILE.');
  const outputs = classCount(structuresBeside(ignoreLabel, structures));
  const { split: _, ...data } = spec.data;
  // the name of the folder and not its path, so that the same training has the same key from wherever it is started
  const fitted = trainingSpec.safeParse({ ...spec, name, lossOptions: { ...spec.lossOptions, ...(ignoreLabel === undefined ? {} : { ignoreLabel }) }, model: { ...spec.model, inputs: contrasts.length, outputs }, data: { ...data, dataset: basename(datasetFolder), ...(split === undefined ? {} : { split }) } });
  if (!fitted.success) {
    const [{ path, message }] = fitted.error.issues as [z.core.$ZodIssue];
    throw badInput(`${basename(file)} does not fit ${basename(datasetFolder)}: field "${path.join('.')}": ${message}.`, `Give one that does, with --set ${path.join('.')}=... or another --base.`);
  }
  return { base: fitted.data, datasetFolder, namesPatchSize };
}

/** Arms that are trained already take the place of those to train; `models` says which of these stay. */
async function withRuns(study: StudySpec, trained: ReadonlyMap<string, string>, models?: readonly string[]): Promise<StudySpec> {
  const wanted = new Set(models?.map(plainName));
  const unknown = (models ?? []).filter((model) => !study.arms.some(({ series }) => plainName(series) === plainName(model)));
  if (unknown.length > 0) throw badInput(`The study ${study.name} has no model ${unknown.join(', ')}.`, `Give some of ${[...new Set(study.arms.map(({ series }) => plainName(series)))].join(', ')}.`);
  const kept = study.arms.filter(({ series }) => (models ? wanted.has(plainName(series)) : trained.size === 0));
  const given = await Promise.all([...trained].map(async ([series, folder]) => {
    if (!(await isFile(join(folder, 'best.safetensors')))) throw badInput(`${basename(resolve(folder))}, given for ${series}, holds no run with trained weights.`, 'Give the folder that holds run.json and best.safetensors.');
    const record = await readJson(join(folder, 'run.json'), runRecord);
    const { spec } = record;
    return { series, ...(study.figure === 'angle' ? {} : { x: study.figure === 'training-cases' ? trainingCasesOf(record, folder) : series }), spec: withoutPlace(spec), trained: { run: basename(resolve(folder)), weights: await sha256(join(folder, 'best.safetensors')) } };
  }));
  return { ...study, arms: [...given, ...kept.filter(({ series }) => !trained.has(series))] };
}

/** Where a run lies on the x axis of its set's size. */
function trainingCasesOf({ spec, data }: RunRecord, folder: string): number {
  const count = spec.data.trainingCases ?? data.filter(({ part }) => part === 'train').length;
  if (count > 0) return count;
  throw badInput(`The record of ${basename(folder)} does not say how many cases it was trained on.`, 'Give a run whose run.json lists them under "data", or leave it out of --runs.');
}

function withOptions(study: StudySpec, { protocol, degrees, minutesPerRun, seeds, bestRate, spread }: Options): StudySpec {
  const protocols = protocol ?? study.protocols;
  if (degrees && !protocols.includes('planes')) throw badInput('--degrees are the angles of the protocol planes, which this study does not turn by.', 'Add --protocol planes, or leave them out.');
  return studySpec.parse({
    ...study,
    protocols,
    degrees: degrees ?? (study.degrees.length === 0 && protocols.includes('planes') ? rotationDegrees : study.degrees),
    learningRates: [...new Set([...study.learningRates, ...(bestRate ? [5e-3, 1e-3] : [])])],
    seeds: seeds === undefined ? study.seeds : Array.from({ length: seeds }, (_, i) => study.seeds[0]! + i),
    minutesPerRun: minutesPerRun ?? study.minutesPerRun,
    spread: spread ?? study.spread,
  });
}

/** `ordinary-20` for `ordinary ±20°`: what can be typed. */
const plainName = (series: string): string => series.toLowerCase().replaceAll('³', '3').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');

/** A split that is drawn is drawn with the seed: seeds would be compared on other cases. */
async function refuseMovingSplit(datasetFolder: string, { arms, seeds }: StudySpec): Promise<void> {
  const dataset = await openDataset(datasetFolder, { skipBroken: arms.some(({ spec }) => spec.data.skipBroken) });
  for (const { spec: { data: { split, splitSizes } } } of arms.filter(({ trained }) => !trained)) {
    const drawn = await Promise.all(seeds.map((seed) => readSplit(dataset, { file: split, seed, sizes: splitSizes })));
    if (new Set(drawn.map((one) => JSON.stringify(one))).size > 1) throw badInput(`The split of ${basename(datasetFolder)} is drawn, and each seed would draw a split of its own.`, 'Write split.json into the data set (train, validation, test) and leave out data.splitSizes, or study one seed.');
  }
}

function refuseFailed({ runs }: StudyRecord): void {
  const failed = runs.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return;
  throw new GyraError('internal', `${failed.length} of ${runs.length} runs failed: ${failed.map(({ series, x, problem }) => `${x === undefined || x === series ? series : `${series} (${x})`}: ${problem?.message}`).join(' ')}`, failed[0]!.problem!.remedy);
}

const writePhantoms = (folder: string): Promise<void> => writePhantomDataset(folder, quickPhantoms, progressLine('Phantoms made'));

function parseRun(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('Give runs as series=FOLDER.');
  const series = text.slice(0, equals).trim();
  if (series.length > longestSeries) throw new InvalidArgumentError(`The name ${series.slice(0, 20)}... has ${series.length} characters. Give names of ${longestSeries} at most.`);
  return [series, text.slice(equals + 1).trim()];
}
