/** @file One training, from spec to run folder. The same spec gives the same weights, on any number of threads, interrupted or not, whether samples are drawn in this thread or beside it. */
import { tensor, tidy, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import { cpus } from 'node:os';
import type { Structure } from '../contract/engine-api';
import { badInput, GyraError } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import type { TrainingSpec } from '../contract/training-spec';
import { channelsLast, type Volume } from '../math/volume';
import { buildNetwork } from '../model/build-network';
import { parameterCount } from '../model/cost';
import type { Network } from '../model/network';
import { argMaxChannels } from '../ops/arg-max-channels';
import { valueAndGradients } from '../ops/backpropagation';
import { segmentationLoss } from '../ops/segmentation-loss';
import { Adam } from './adam';
import { readCheckpoint, writeCheckpoint, type CheckpointProgress, type TrainingState } from './checkpoint';
import { afterEpoch, nothingYet, shouldStop } from './early-stopping';
import { learningRateSchedule } from './learning-rate';
import { RunFolder, type Metric } from './run-folder';
import { SampleQueue, sampleRequests } from './sample-queue';
import { openSamples, openSamplesInThread, type SampleSource } from './sample-source';
import type { TrainingData } from './training-data';
import type { Sample } from './sampler';
import { WeightAverage } from './weight-average';
import { saveWeights } from './weights-file';

export interface TrainOptions {
  /** The complete spec. */
  readonly spec: TrainingSpec;
  /** Folder of the data set the spec names, and of the run. */
  readonly datasetFolder: string;
  readonly runFolder: string;
  readonly resume: boolean;
  /** Stops after the epoch in which so many minutes have passed. */
  readonly timeLimitMinutes?: number;
  /** Mean Dice of a prediction, null where undefined. */
  readonly score: (prediction: Uint8Array, reference: Uint8Array, structures: readonly Structure[]) => number | null;
  readonly environment: Omit<RunRecord['environment'], 'node' | 'machine'>;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Called when the data are known and nothing is written or computed yet; throws where training cannot begin. */
  readonly beforeTraining?: (data: TrainingData) => Promise<void>;
  /** The built engine/host/sample-thread.ts: samples are drawn there, ahead of the steps. Without it they are drawn in this thread, between them. */
  readonly sampleThread?: URL;
  /** Ends the reading of the data in that thread, which may take minutes; afterwards the backend's flag ends the training. */
  readonly signal?: AbortSignal;
  /** Time the training was made to wait since it began, which does not count; in milliseconds. */
  readonly pausedMilliseconds?: () => number;
}
export interface TrainProgress {
  readonly epoch: number;
  readonly step: number;
  readonly maximumSteps: number;
  readonly loss: number;
  /** At the end of an epoch. */
  readonly validationDice: number | null;
  readonly validationLoss: number | null;
  /** Share of the epoch's wall time that was spent waiting for samples; at its end. */
  readonly waiting: number | null;
  readonly bestDice: number | null;
  readonly wallSeconds: number;
}

/**
 * Trains until the stopping rule or the time limit, writing a checkpoint after each epoch.
 * @throws GyraError on bad data or settings, and of code `cancelled` when the backend's flag goes up; the folder then holds the last whole epoch.
 */
export async function train(options: TrainOptions): Promise<RunRecord> {
  const { spec, datasetFolder, sampleThread, signal, resume } = options;
  const folder = new RunFolder(options.runFolder);
  // before the data are read, which may take minutes
  if (!resume) await folder.refuseRun();
  const samples = await (sampleThread ? openSamplesInThread(sampleThread, spec, datasetFolder, signal) : openSamples(spec, datasetFolder));
  try {
    await options.beforeTraining?.(samples.data);
    const unlock = await folder.open({ resume });
    try {
      return await trainLocked(options, folder, samples);
    } finally {
      await unlock();
    }
  } finally {
    await samples.close();
  }
}

async function trainLocked(options: TrainOptions, folder: RunFolder, samples: SampleSource): Promise<RunRecord> {
  const { spec, resume, onProgress, pausedMilliseconds = () => 0 } = options;
  const { data } = samples;
  const network = buildNetwork(spec.model, spec.seed);
  const { weightAverage } = spec.optimiser;
  const average = weightAverage === undefined ? null : new WeightAverage(network.variables, weightAverage);
  const adam = new Adam(network.variables, learningRateSchedule(spec));
  const state: TrainingState = { network, adam, average };
  let done: CheckpointProgress = { epoch: 0, step: 0, ...nothingYet, wallSeconds: 0 };
  try {
    const stepsPerEpoch = spec.stopping.stepsPerEpoch ?? data.train.length;
    const { maximumSteps, patienceEpochs, monitor } = spec.stopping;
    const isOver = (): boolean => done.step >= maximumSteps || shouldStop(done, done.epoch - 1, patienceEpochs);
    if (resume && (await folder.hasCheckpoint())) {
      done = await readCheckpoint(folder.last, spec, stepsPerEpoch, state);
      const before = (await folder.hasRecord()) ? await folder.readRecord() : null;
      if (before) refuseOtherCourse(before, data.hashes, options.environment.backend);
      // what it was evaluated to and computed with stays true where nothing is added
      if (before?.status === 'done' && isOver()) return before;
    }
    await folder.trimMetrics(done.step);

    const queue = new SampleQueue(samples, sampleRequests(spec, data, stepsPerEpoch, done));
    queue.fill();
    const record = (status: RunRecord['status']): RunRecord => ({
      schemaVersion: 1, status, spec,
      parameters: parameterCount(spec.model).stored,
      structures: [...data.structures],
      data: [...data.hashes],
      ...(data.skipped.length && { skipped: [...data.skipped] }),
      environment: { ...options.environment, node: process.version, machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores` },
      steps: done.step, epochs: done.epoch, bestEpoch: done.bestEpoch, bestValidationDice: done.bestDice, bestValidationLoss: done.bestLoss, wallSeconds: Math.round(done.wallSeconds),
    });
    const now = (): number => (performance.now() - pausedMilliseconds()) / 1000;
    const start = now() - done.wallSeconds;
    const wallSeconds = (): number => now() - start;
    await folder.writeRecord(record('running'));
    try {
      while (!isOver()) {
        const { epoch } = done;
        const steps = Math.min(stepsPerEpoch, maximumSteps - done.step);
        const metrics: Metric[] = [];
        const begun = { seconds: wallSeconds(), waited: queue.waitedSeconds };
        let loss = NaN;
        for (let i = 1; i <= steps; i++) {
          const step = done.step + i;
          const sample = await queue.next();
          loss = trainingStep(spec, state, sample, step);
          metrics.push({ name: 'loss', value: loss, step, context: { split: 'train', case: sample.caseId } });
          onProgress?.({ epoch, step, maximumSteps, loss, validationDice: null, validationLoss: null, waiting: null, bestDice: done.bestDice, wallSeconds: wallSeconds() });
          // lets a message or a signal in between two steps
          await new Promise((resolve) => setImmediate(resolve));
        }
        const step = done.step + steps;
        average?.putIn(step);
        const validation = await validate(spec, network, queue, samples, options.score);
        const best = afterEpoch(done, epoch, validation, monitor);
        if (best.bestEpoch === epoch) await saveWeights(network, folder.best, data.structures);
        average?.takeOut();
        const waiting = (queue.waitedSeconds - begun.waited) / (wallSeconds() - begun.seconds);
        const context = { split: 'validation', epoch };
        metrics.push({ name: 'dice', value: validation.dice, step, context: { ...context, cases: validation.scored } }, { name: 'loss', value: validation.loss, step, context }, { name: 'waiting', value: waiting, step, context: { epoch } }, { name: 'seconds', value: wallSeconds(), step, context: { epoch } });
        done = { epoch: epoch + 1, step, ...best, wallSeconds: wallSeconds() };
        await folder.appendMetrics(metrics);
        await writeCheckpoint(folder.last, spec, state, done);
        await folder.writeRecord(record('running'));
        onProgress?.({ epoch, step, maximumSteps, loss, validationDice: validation.dice, validationLoss: validation.loss, waiting, bestDice: done.bestDice, wallSeconds: done.wallSeconds });
        if (options.timeLimitMinutes !== undefined && done.wallSeconds / 60 >= options.timeLimitMinutes) {
          await folder.writeRecord(record('stopped'));
          return record('stopped');
        }
      }
      await folder.writeRecord(record('done'));
      return record('done');
    } catch (error) {
      await folder.writeRecord(record(error instanceof GyraError && error.code === 'cancelled' ? 'stopped' : 'failed'));
      throw error;
    }
  } finally {
    adam.dispose();
    network.dispose();
  }
}

/** A training goes on with the cases it began with, on the backend it began on, whose rounding is its own. */
function refuseOtherCourse({ data: before, environment: { backend } }: RunRecord, now: RunRecord['data'], backendNow: string): void {
  if (backend !== backendNow) throw badInput(`This run was started on the backend ${backend}, and this is ${backendNow}.`, `Resume with --backend ${backend}, or start a new run under another name.`);
  const keyOf = (one: RunRecord['data'][number]): string => JSON.stringify([one.case, one.part, one.image, one.label]);
  const [old, current] = [before, now].map((data) => new Set(data.map(keyOf))) as [Set<string>, Set<string>];
  const changed = [...new Set([...before.filter((one) => !current.has(keyOf(one))), ...now.filter((one) => !old.has(keyOf(one)))].map((one) => one.case))];
  if (before.length > 0 && changed.length > 0) throw badInput(`This run was started on other data: ${changed.slice(0, 3).join(', ')}${changed.length > 3 ? ` and ${changed.length - 3} more` : ''} changed since.`, 'Resume with the data set the run was started on, or start a new run under another name.');
}

function imageTensor(contrasts: readonly Volume<Float32Array>[]): Tensor5D {
  const [nx, ny, nz] = contrasts[0]!.shape;
  return tensor(channelsLast(contrasts.map(({ data }) => data)), [1, nz, ny, nx, contrasts.length]);
}
const labelTensor = ({ data, shape: [nx, ny, nz] }: Volume<Uint8Array>): Tensor4D => tensor(Int32Array.from(data), [1, nz, ny, nx], 'int32');

const lossAttributes = ({ loss, lossOptions }: TrainingSpec) => ({ crossEntropy: loss !== 'dice', dice: loss !== 'cross-entropy', ...lossOptions });

/** One forward, backward and Adam step; the loss before it. */
function trainingStep(spec: TrainingSpec, { network, adam, average }: TrainingState, { images, labels }: Sample, step: number): number {
  return tidy(() => {
    const [image, reference] = [imageTensor(images), labelTensor(labels)];
    const { value, gradients } = valueAndGradients(() => segmentationLoss(network.logits(image, { seed: spec.seed, step }), reference, lossAttributes(spec)));
    const loss = value.dataSync()[0]!;
    if (!Number.isFinite(loss)) throw new GyraError('internal', `The loss of step ${step} is not a number.`, 'Lower the learning rate (--set optimiser.learningRate=0.001) and start again.');
    adam.apply(gradients);
    average?.add();
    return loss;
  });
}

/** Means over the validation cases: of the mean Dice over structures, where it is defined in so many (`scored`), and of the loss. An ignored voxel is background in prediction and reference, and no part of the loss. */
async function validate(spec: TrainingSpec, network: Network, queue: SampleQueue, { data }: SampleSource, score: TrainOptions['score']): Promise<{ dice: number; scored: number; loss: number }> {
  const { ignoreLabel } = spec.lossOptions;
  const scores: number[] = [];
  const losses: number[] = [];
  for (let i = 0; i < data.validation.length; i++) {
    const { images, labels } = await queue.next();
    let prediction = new Uint8Array();
    // not returned from tidy, which would search every element of the array for tensors
    tidy(() => {
      const logits = network.logits(imageTensor(images));
      losses.push(segmentationLoss(logits, labelTensor(labels), lossAttributes(spec)).dataSync()[0]!);
      prediction = Uint8Array.from(argMaxChannels(logits).dataSync());
    });
    const reference = labels.data;
    if (ignoreLabel !== undefined) reference.forEach((label, v) => { if (label === ignoreLabel) prediction[v] = reference[v] = 0; });
    const dice = score(prediction, reference, data.structures);
    if (dice !== null) scores.push(dice);
  }
  const mean = (values: readonly number[]): number => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0);
  return { dice: mean(scores), scored: scores.length, loss: mean(losses) };
}
