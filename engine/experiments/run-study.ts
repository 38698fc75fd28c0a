/** @file A study from its spec to its folder: trains what is missing, evaluates, and writes record, table and figure. Interrupted, the same call goes on. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { badInput, GyraError, problemFrom } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import type { TrainingSpec } from '../contract/training-spec';
import { openDataset, type CaseFiles } from '../data/dataset';
import { exists, readBytes, readJson, sha256, writeByRename } from '../data/file-access';
import type { Evaluation } from '../evaluation/evaluate';
import { parameterCount } from '../model/cost';
import { RunFolder } from '../training/run-folder';
import { lockRun } from '../training/run-lock';
import { trainedMargin } from '../training/weights-file';
import { casesToEvaluate, refuseKnown } from './cases-to-evaluate';
import { figureCsv, figureSvg } from './figure';
import { hashesOf, RunStore } from './run-store';
import { costResults } from './cost-results';
import { bestRate, diceResults, type EvaluatedRun, type FinishedRun } from './dice-results';
import { studyRecord, type StudyRecord, type StudyRun } from './study-record';
import { differences, plannedRuns, studySpec, type PlannedRun, type StudySpec } from './study-spec';
import { studyMarkdown, tableCsv } from './study-table';
import { unlikeTrainings } from './unlike-trainings';

/** What a study leaves to its host. */
export interface StudyHost {
  /** Of Gyra. */
  readonly version: string;
  /** Trains until the stopping rule or the time limit, going on with what is in the folder. */
  train(spec: TrainingSpec, runFolder: string, what: string): Promise<RunRecord>;
  /** Dice of the best weights of a run folder on these cases. */
  evaluate(runFolder: string, cases: readonly string[], spec: Pick<StudySpec, 'protocols' | 'degrees'>, what: string): Promise<Evaluation>;
  /** The most bytes of tensors and scratch a training step holds at a time; null where it cannot be planned. */
  planMemory(spec: TrainingSpec): Promise<number | null>;
  say(text: string): void;
}
export interface StudyRequest {
  readonly spec: StudySpec;
  readonly datasetFolder: string;
  /** The study's own folder. */
  readonly out: string;
  /** Folder of the run store. */
  readonly store: string;
  readonly quick?: boolean;
  /** Folders of runs that are there already, by series. */
  readonly trained?: ReadonlyMap<string, string>;
}

/**
 * @returns the record, whose status is `failed` where a training or an evaluation failed; the others are done nevertheless.
 * @throws GyraError where the folder holds a study of another spec, naming the differences, or another process writes it, where cases to evaluate are missing, broken or known to a run, or of code `cancelled`
 */
export async function runStudy(request: StudyRequest, host: StudyHost): Promise<StudyRecord> {
  const { spec, out, datasetFolder, quick = false } = request;
  await refuseAnother(spec, out);
  const dataset = await openDataset(datasetFolder, { skipBroken: spec.arms.some((arm) => arm.spec.data.skipBroken) });
  const store = new RunStore(request.store);
  const planned = plannedRuns(spec);
  const runs: StudyRun[] = planned.map((run) => ({ series: run.arm.series, x: run.arm.x, seed: run.seed, learningRate: run.learningRate, run: run.arm.trained?.run ?? run.spec.name, status: 'waiting' }));
  const record = (status: StudyRecord['status'], results?: StudyRecord['results']): StudyRecord => studyRecord.parse({ schemaVersion: 1, status, version: host.version, spec, dataset: dataset.name, quick, runs, results });
  const write = async (written: StudyRecord): Promise<StudyRecord> => {
    await writeByRename(join(out, 'study.json'), `${JSON.stringify(written, null, 2)}\n`);
    return written;
  };
  const folderOf = (run: PlannedRun): string => (run.arm.trained ? request.trained?.get(run.arm.series) : undefined) ?? store.folderOf(run.spec);
  // what would be refused is refused before hours of training
  const { casesOf, skipped } = spec.figure === 'cost' ? { casesOf: null, skipped: [] } : await casesToEvaluate(spec, planned, dataset);
  for (const [run, cases] of casesOf ?? []) {
    const before = new RunFolder(folderOf(run));
    if (await before.hasRecord()) await refuseKnown(spec, run, await before.readRecord(), cases);
  }
  await mkdir(out, { recursive: true });
  const unlock = await lockRun(out, { what: 'study' });

  const finished: FinishedRun[] = [];
  /** A run that fails does not end the study. */
  const attempt = async (run: PlannedRun, work: (what: string) => Promise<void>, saying = ''): Promise<void> => {
    const i = planned.indexOf(run);
    const what = `${i + 1} of ${planned.length}: ${describe(run, spec)}`;
    try {
      await work(what);
    } catch (error) {
      const problem = problemFrom(error);
      if (problem.code === 'cancelled') throw error;
      runs[i] = { ...runs[i]!, status: 'failed', problem: { ...problem, message: `${saying}${problem.message}` } };
      host.say(`Run ${what} failed: ${saying}${problem.message}`);
    }
    await write(record('running'));
  };
  try {
    await write(record('running'));
    for (const [i, run] of planned.entries())
      await attempt(run, async (what) => {
        const trained = run.arm.trained ? await readTrained(folderOf(run), run) : ((await store.finished(run.spec, datasetFolder, spec.minutesPerRun)) ?? (await host.train(run.spec, folderOf(run), what)));
        finished.push({ run, record: trained });
        runs[i] = { ...runs[i]!, ...(await facts(trained, folderOf(run))) };
      });
    const evaluated: EvaluatedRun[] = [];
    for (const one of casesOf ? chosenRates(spec, finished) : [])
      await attempt(one.run, async (what) => void evaluated.push({ ...one, evaluation: await evaluationOf(one, casesOf!.get(one.run)!, folderOf(one.run), request, host, what) }), 'The evaluation failed: ');
    const measured = casesOf ? (evaluated.length > 0 ? diceResults(spec, evaluated) : null) : await costResults(spec, finished, folderOf, host);
    const results = measured && { ...measured, findings: [...unlikeTrainings(spec, finished), ...leftOut([...finished.flatMap(({ record: { skipped: ofRun = [] } }) => ofRun), ...skipped]), ...measured.findings] };
    const done = await write(record(runs.some(({ status }) => status === 'failed') ? 'failed' : 'done', results ?? undefined));
    if (results) await writeResults(out, done);
    return done;
  } catch (error) {
    await write(record(error instanceof GyraError && error.code === 'cancelled' ? 'stopped' : 'failed'));
    throw error;
  } finally {
    await unlock();
  }
}

/** A sentence for each case, of whatever part, that could not be read and was to be left out then. */
const leftOut = (skipped: NonNullable<RunRecord['skipped']>): string[] => [...new Set(skipped.map(({ case: id, reason }) => `${id} is left out: ${reason}`))];

/** Table, figure and their data, beside the record. */
async function writeResults(out: string, record: StudyRecord): Promise<void> {
  const { figure, table } = record.results!;
  await writeByRename(join(out, 'figure.svg'), figureSvg(figure));
  await writeByRename(join(out, 'figure.csv'), figureCsv(figure));
  await writeByRename(join(out, 'table.csv'), tableCsv(table));
  await writeByRename(join(out, 'table.md'), studyMarkdown(record));
}

async function refuseAnother(spec: StudySpec, out: string): Promise<void> {
  const file = join(out, 'study.json');
  if (!(await exists(file))) return;
  const before = studySpec.parse((await readJson(file, z.looseObject({ spec: studySpec }))).spec);
  const changed = differences(before, spec);
  if (changed.length > 0) throw badInput(`The folder ${basename(out)} holds this study with another spec: ${changed.slice(0, 4).join('; ')}${changed.length > 4 ? `; and ${changed.length - 4} more` : ''}.`, 'Give the settings it was started with, or another folder with --out; runs that are alike are not trained again.');
}

async function readTrained(folder: string, { arm }: PlannedRun): Promise<RunRecord> {
  if (!(await new RunFolder(folder).hasRecord())) throw badInput(`The run ${arm.trained?.run}, which the study holds to be there, was not found.`, `Give its folder with --runs "${arm.series}=FOLDER".`);
  const record = await new RunFolder(folder).readRecord();
  const weights = await sha256(join(folder, 'best.safetensors'));
  if (weights !== arm.trained?.weights) throw badInput(`The best weights of ${basename(folder)} have changed since the study began.`, 'Give another folder with --out.');
  return record;
}

async function facts(record: RunRecord, folder: string): Promise<Partial<StudyRun>> {
  const { steps, epochs, bestValidationDice, wallSeconds, environment, status, spec } = record;
  return { status: status === 'stopped' ? 'stopped' : 'done', parameters: parameterCount(spec.model), steps, epochs, bestValidationDice, wallSeconds, environment, weights: await sha256(join(folder, 'best.safetensors')) };
}

/** Of a run on these cases; what was evaluated before is not evaluated again. */
async function evaluationOf({ run, record }: FinishedRun, files: readonly CaseFiles[], folder: string, { spec, out }: StudyRequest, host: StudyHost, what: string): Promise<Evaluation> {
  await refuseKnown(spec, run, record, files);
  const cases = files.map(({ id }) => id);
  const hashes = await Promise.all(files.map(async (one) => [one.id, await hashesOf(one)]));
  const key = createHash('sha256').update(JSON.stringify([await sha256(join(folder, 'best.safetensors')), trainedMargin(record), spec.protocols, spec.degrees, cases, hashes])).digest('hex').slice(0, 16);
  // a run that came from elsewhere stays as it is
  const kept = run.arm.trained ? join(out, 'evaluations') : folder;
  const file = join(kept, `evaluation-${key}.json`);
  const before = await readEvaluation(file);
  if (before) return before;
  const evaluation = await host.evaluate(folder, cases, spec, what);
  await mkdir(kept, { recursive: true });
  await writeByRename(file, `${JSON.stringify(evaluation)}\n`);
  return evaluation;
}

/** The runs that are shown: all of the common learning rate, and those of each arm's best rate on validation. */
function chosenRates(spec: StudySpec, finished: readonly FinishedRun[]): readonly FinishedRun[] {
  return finished.filter(({ run }) => run.arm.trained || run.learningRate === spec.learningRates[0] || run.learningRate === bestRate(run.arm, finished));
}

function describe({ arm, seed, learningRate }: PlannedRun, { seeds, learningRates }: StudySpec): string {
  return [arm.series, ...(arm.x === undefined || arm.x === arm.series ? [] : [String(arm.x)]), ...(seeds.length > 1 ? [`seed ${seed}`] : []), ...(learningRates.length > 1 ? [`rate ${learningRate}`] : [])].join(', ');
}

async function readEvaluation(file: string): Promise<Evaluation | null> {
  if (!(await exists(file))) return null;
  try {
    // written by rename: whole or not there
    return JSON.parse(new TextDecoder().decode(await readBytes(file))) as Evaluation;
  } catch {
    return null;
  }
}
