/** @file One training, from spec to run folder. The same spec gives the same weights, on any number of threads, interrupted or not. */
import { tensor, tidy, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import { cpus } from 'node:os';
import type { Structure } from '../contract/engine-api';
import { acceptedSizes } from '../contract/network-sizes';
import { GyraError } from '../contract/problem';
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
import { readCheckpoint, writeCheckpoint, type CheckpointProgress } from './checkpoint';
import { afterEpoch, shouldStop } from './early-stopping';
import { RunFolder, type Metric } from './run-folder';
import { learningRateSchedule } from './learning-rate';
import { drawSample, drawValidationSample, epochCases } from './sampler';
import { loadTrainingData, type TrainingCase, type TrainingData } from './training-data';
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
}
export interface TrainProgress {
  readonly epoch: number;
  readonly step: number;
  readonly maximumSteps: number;
  readonly loss: number;
  readonly validationDice: number | null;
  readonly bestDice: number | null;
  readonly wallSeconds: number;
}

/**
 * Trains until the stopping rule or the time limit, writing a checkpoint after each epoch.
 * @throws GyraError on bad data or settings, and of code `cancelled` when the backend's flag goes up; the folder then holds the last whole epoch.
 */
export async function train(options: TrainOptions): Promise<RunRecord> {
  const { spec, resume, onProgress } = options;
  const folder = new RunFolder(options.runFolder);
  const goesOn = resume && (await folder.hasCheckpoint());
  const data = await loadTrainingData(spec, options.datasetFolder);
  await folder.create({ resume });
  const network = buildNetwork(spec.model, spec.seed);
  const adam = new Adam(network.variables, learningRateSchedule(spec));
  let done: CheckpointProgress = { epoch: 0, step: 0, bestEpoch: null, bestDice: null, wallSeconds: 0 };
  if (goesOn) done = await readCheckpoint(folder.last, spec, network, adam);
  await folder.trimMetrics(done.step);

  const stepsPerEpoch = spec.stopping.stepsPerEpoch ?? data.train.length;
  const { maximumSteps, patienceEpochs } = spec.stopping;
  const record = (status: RunRecord['status']): RunRecord => ({
    schemaVersion: 1, status, spec,
    parameters: parameterCount(spec.model).stored,
    structures: [...data.structures],
    data: [...data.hashes],
    environment: { ...options.environment, node: process.version, machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores` },
    steps: done.step, epochs: done.epoch, bestEpoch: done.bestEpoch, bestValidationDice: done.bestDice, wallSeconds: Math.round(done.wallSeconds),
  });
  const start = performance.now() - done.wallSeconds * 1000;
  const wallSeconds = () => (performance.now() - start) / 1000;
  await folder.writeRecord(record('running'));
  try {
    while (done.step < maximumSteps && !shouldStop(done, done.epoch - 1, patienceEpochs)) {
      const epoch = done.epoch;
      const steps = Math.min(stepsPerEpoch, maximumSteps - done.step);
      const metrics: Metric[] = [];
      for (const [i, one] of epochCases(data.train, spec.seed, epoch, stepsPerEpoch).slice(0, steps).entries()) {
        const step = done.step + i + 1;
        const loss = trainingStep(spec, network, adam, one, step);
        metrics.push({ name: 'loss', value: loss, step, context: { split: 'train', case: one.id } });
        onProgress?.({ epoch, step, maximumSteps, loss, validationDice: null, bestDice: done.bestDice, wallSeconds: wallSeconds() });
        // lets a message or a signal in between two steps
        await new Promise((resolve) => setImmediate(resolve));
      }
      const step = done.step + steps;
      const dice = validationDice(spec, network, data, options.score);
      metrics.push({ name: 'dice', value: dice, step, context: { split: 'validation', epoch } }, { name: 'seconds', value: wallSeconds(), step, context: { epoch } });
      const { bestEpoch, bestDice } = afterEpoch(done, epoch, dice);
      done = { epoch: epoch + 1, step, bestEpoch, bestDice, wallSeconds: wallSeconds() };
      await folder.appendMetrics(metrics);
      if (bestEpoch === epoch) await saveWeights(network, folder.best, data.structures);
      await writeCheckpoint(folder.last, spec, network, adam, done);
      await folder.writeRecord(record('running'));
      onProgress?.({ epoch, step, maximumSteps, loss: metrics.at(-3)?.value ?? NaN, validationDice: dice, bestDice, wallSeconds: done.wallSeconds });
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
  } finally {
    adam.dispose();
    network.dispose();
  }
}

function imageTensor(contrasts: readonly Volume<Float32Array>[]): Tensor5D {
  const [nx, ny, nz] = contrasts[0]!.shape;
  return tensor(channelsLast(contrasts.map(({ data }) => data)), [1, nz, ny, nx, contrasts.length]);
}
const labelTensor = ({ data, shape: [nx, ny, nz] }: Volume<Uint8Array>): Tensor4D => tensor(Int32Array.from(data), [1, nz, ny, nx], 'int32');

/** One forward, backward and Adam step; the loss before it. */
function trainingStep(spec: TrainingSpec, network: Network, adam: Adam, one: TrainingCase, step: number): number {
  const sample = drawSample(spec, one, step, acceptedSizes(spec.model));
  return tidy(() => {
    const image = imageTensor(sample.images);
    const labels = labelTensor(sample.labels);
    const { value, gradients } = valueAndGradients(() => segmentationLoss(network.logits(image, { seed: spec.seed, step }), labels, { crossEntropy: spec.loss !== 'dice', dice: spec.loss !== 'cross-entropy', ...spec.lossOptions }));
    const loss = value.dataSync()[0]!;
    if (!Number.isFinite(loss)) throw new GyraError('internal', `The loss of step ${step} is not a number.`, 'Lower the learning rate (--set optimiser.learningRate=0.001) and start again.');
    adam.apply(gradients);
    return loss;
  });
}

/** Mean over the validation cases of the mean Dice over structures; an ignored voxel is background in prediction and reference. */
function validationDice(spec: TrainingSpec, network: Network, data: TrainingData, score: TrainOptions['score']): number {
  const { ignoreLabel } = spec.lossOptions;
  const scores = data.validation.flatMap((one) => {
    const { images, labels } = drawValidationSample(spec, one, acceptedSizes(spec.model));
    let prediction = new Uint8Array();
    // not returned from tidy, which would search every element of the array for tensors
    tidy(() => {
      prediction = Uint8Array.from(argMaxChannels(network.logits(imageTensor(images))).dataSync());
    });
    const reference = labels.data;
    if (ignoreLabel !== undefined) reference.forEach((label, v) => { if (label === ignoreLabel) prediction[v] = reference[v] = 0; });
    return score(prediction, reference, data.structures) ?? [];
  });
  return scores.length ? scores.reduce((sum, dice) => sum + dice, 0) / scores.length : 0;
}
