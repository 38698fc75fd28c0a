/** @file What a training stopped at any moment goes on from: weights, their average, moments of Adam and progress in one safetensors file. */
import { tensor, type Variable } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { badInput } from '../contract/problem';
import { storedTrainingSpec, type TrainingSpec } from '../contract/training-spec';
import { readBytes, writeByRename } from '../data/file-access';
import { readSafetensors, writeSafetensors } from '../data/safetensors';
import type { Network } from '../model/network';
import type { Adam } from './adam';
import { differences } from './differences';
import type { WeightAverage } from './weight-average';

const progress = z.strictObject({
  /** Epochs and steps done. */
  epoch: z.int(),
  step: z.int(),
  bestEpoch: z.int().nullable(),
  bestDice: z.number().nullable(),
  bestLoss: z.number().nullable().default(null),
  wallSeconds: z.number(),
});
export type CheckpointProgress = z.infer<typeof progress>;

/** What changes while a training runs. */
export interface TrainingState {
  readonly network: Network;
  readonly adam: Adam;
  readonly average: WeightAverage | null;
}

/** Each variable with its moments, in a fixed order, and the running statistics. */
const variablesOf = ({ network, adam }: TrainingState): [string, Variable][] => [
  ...[...network.variables].flatMap(([name, value]): [string, Variable][] => [
    [name, value],
    [`adam.mean/${name}`, adam.means.get(name)!],
    [`adam.square/${name}`, adam.squares.get(name)!],
  ]),
  ...network.statistics,
];
const averageName = (name: string): string => `average/${name}`;

export async function writeCheckpoint(path: string, spec: TrainingSpec, state: TrainingState, done: CheckpointProgress): Promise<void> {
  const tensors = new Map(variablesOf(state).map(([name, value]) => [name, { dtype: 'F32' as const, shape: value.shape, data: value.dataSync<'float32'>() }]));
  for (const [name, data] of state.average?.sums ?? []) tensors.set(averageName(name), { dtype: 'F32', shape: state.network.variables.get(name)!.shape, data });
  await writeByRename(path, writeSafetensors(tensors, { training: JSON.stringify(spec), progress: JSON.stringify(done) }));
}

/** Puts the checkpoint's values into network, optimiser and average. Refuses one of another spec, naming what differs. */
export async function readCheckpoint(path: string, spec: TrainingSpec, stepsPerEpoch: number, state: TrainingState): Promise<CheckpointProgress> {
  const { tensors, metadata } = readSafetensors(await readBytes(path), 'last.safetensors');
  const stored: unknown = JSON.parse(metadata['training'] ?? '{}');
  const before = storedTrainingSpec.safeParse(stored).data;
  const done = progress.parse(JSON.parse(metadata['progress'] ?? '{}'));
  const { optimiser: { schedule }, stopping: { maximumSteps, patienceEpochs } } = spec;
  // more patience continues the same training, and so does a ceiling ahead, unless the learning rate falls towards it or the last one cut an epoch short
  const isSameCourse = schedule === 'constant' && maximumSteps >= done.step && done.step === done.epoch * stepsPerEpoch;
  // where the data set lies is no part of it: its cases are compared by their content
  const mayDiffer = ['data.dataset', ...(before && patienceEpochs > before.stopping.patienceEpochs ? ['stopping.patienceEpochs'] : []), ...(isSameCourse ? ['stopping.maximumSteps'] : [])];
  const differ = differences(before ?? stored, spec).filter(({ field }) => !mayDiffer.includes(field));
  if (differ.length) {
    const list = differ.map(({ field, before, now }) => `${field} was ${before} and is now ${now}`).join('; ');
    throw badInput(`This run was started with other settings: ${list}.`, 'Resume with the settings the run was started with (they are in its run.json), or start a new run under another name.');
  }
  const find = (name: string, shape: readonly number[]): Float32Array => {
    const source = tensors.get(name);
    if (!source || source.shape.join() !== shape.join()) throw badInput(`The checkpoint has no tensor ${name} of shape [${shape.join(', ')}].`, 'It belongs to another version of the network: start the run again.');
    return source.data as Float32Array;
  };
  state.adam.steps = done.step;
  for (const [name, value] of variablesOf(state)) {
    const values = tensor(find(name, value.shape), value.shape);
    value.assign(values);
    values.dispose();
  }
  for (const [name, sum] of state.average?.sums ?? []) sum.set(find(averageName(name), state.network.variables.get(name)!.shape));
  return done;
}
