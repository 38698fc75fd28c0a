/** @file What a training stopped at any moment goes on from: weights, moments of Adam and progress in one safetensors file. */
import { tensor, type Variable } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { badInput } from '../contract/problem';
import { storedTrainingSpec, type TrainingSpec } from '../contract/training-spec';
import { readBytes, writeByRename } from '../data/file-access';
import { readSafetensors, writeSafetensors } from '../data/safetensors';
import type { Network } from '../model/network';
import type { Adam } from './adam';

const progress = z.strictObject({
  /** Epochs and steps done. */
  epoch: z.int(),
  step: z.int(),
  bestEpoch: z.int().nullable(),
  bestDice: z.number().nullable(),
  wallSeconds: z.number(),
});
export type CheckpointProgress = z.infer<typeof progress>;

/** Each variable with its moments, in a fixed order, and the running statistics. */
const parts = (network: Network, adam: Adam): [string, Variable][] => [
  ...[...network.variables].flatMap(([name, value]): [string, Variable][] => [
    [name, value],
    [`adam.mean/${name}`, adam.means.get(name)!],
    [`adam.square/${name}`, adam.squares.get(name)!],
  ]),
  ...network.statistics,
];

export async function writeCheckpoint(path: string, spec: TrainingSpec, network: Network, adam: Adam, done: CheckpointProgress): Promise<void> {
  const tensors = new Map(parts(network, adam).map(([name, value]) => [name, { dtype: 'F32' as const, shape: value.shape, data: value.dataSync<'float32'>() }]));
  await writeByRename(path, writeSafetensors(tensors, { training: JSON.stringify(spec), progress: JSON.stringify(done) }));
}

/** Puts the checkpoint's values into network and optimiser. Refuses one of another spec, naming what differs. */
export async function readCheckpoint(path: string, spec: TrainingSpec, network: Network, adam: Adam): Promise<CheckpointProgress> {
  const { tensors, metadata } = readSafetensors(await readBytes(path), 'last.safetensors');
  const stored: unknown = JSON.parse(metadata['training'] ?? '{}');
  const trained = (storedTrainingSpec.safeParse(stored).data ?? stored) as Record<string, unknown>;
  // a longer ceiling or more patience continues the same training, unless the learning rate falls towards the ceiling
  const mayDiffer = spec.optimiser.schedule === 'constant' ? 'stopping' : '';
  const differ = Object.keys(spec).filter((key) => key !== mayDiffer && JSON.stringify(trained[key]) !== JSON.stringify(spec[key as keyof TrainingSpec]));
  if (differ.length) throw badInput(`This run was started with another ${differ.join(', ')}.`, 'Resume with the settings the run was started with (they are in its run.json), or start a new run under another name.');
  const done = progress.parse(JSON.parse(metadata['progress'] ?? '{}'));
  adam.steps = done.step;
  for (const [name, value] of parts(network, adam)) {
    const source = tensors.get(name);
    if (!source || source.shape.join() !== value.shape.join()) throw badInput(`The checkpoint has no tensor ${name} of shape [${value.shape.join(', ')}].`, 'It belongs to another version of the network: start the run again.');
    const stored = tensor(source.data as Float32Array, value.shape);
    value.assign(stored);
    stored.dispose();
  }
  return done;
}
