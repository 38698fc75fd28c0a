/** @file What one training step will take of the heap: the step itself, with kernels that are not run. */
import { sum, tidy, zeros, type Scalar, type Tensor5D } from '@tensorflow/tfjs-core';
import { startBackend } from '../backends/choose';
import type { ModelSpec } from '../contract/model-spec';
import { acceptedSizes } from '../contract/network-sizes';
import { badInput, GyraError } from '../contract/problem';
import { buildNetwork } from '../model/build-network';
import { valueAndGradients } from '../ops/backpropagation';
import { Adam } from '../training/adam';

export interface StepPlan {
  /** The most bytes of tensors and scratch at a time. */
  readonly highWaterBytes: number;
  /** WebAssembly memory that takes, with the gaps between blocks. */
  readonly memoryBytes: number;
}

/** Plans a step on one cube of `patch` voxels a side; null where WebAssembly's 4 GiB are too few. Replaces the current backend. */
export async function planStep(model: ModelSpec, patch: number, threads?: number): Promise<StepPlan | null> {
  const { backend, dispose } = await startBackend({ threads, planOnly: true });
  const { heap } = backend.machine;
  try {
    tidy(() => {
      const network = buildNetwork(model, 0);
      const adam = new Adam(network.variables, () => 1);
      const image = zeros([1, patch, patch, patch, model.inputs]) as Tensor5D;
      // the loss takes little beside the features, and its kernel would judge labels that are not there
      adam.apply(valueAndGradients(() => sum(network.logits(image)) as Scalar).gradients);
      adam.dispose();
      network.dispose();
    });
    return { highWaterBytes: heap.highWaterBytes, memoryBytes: heap.memory.buffer.byteLength };
  } catch (error) {
    if (error instanceof GyraError && error.code === 'out-of-memory') return null;
    throw error;
  } finally {
    await dispose();
  }
}

/** The largest patch up to `most` a step fits with, of the sizes the network takes; 0 where none does. */
export async function largestPatch(model: ModelSpec, most: number, threads?: number): Promise<number> {
  const { multiple, remainder } = acceptedSizes(model);
  const step = multiple.reduce((a, b) => Math.max(a, b));
  let [fits, fails] = [0, Math.floor((most - remainder) / step) + 1];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (await planStep(model, middle * step + remainder, threads)) fits = middle;
    else fails = middle;
  }
  return fits && fits * step + remainder;
}

/** @throws GyraError naming the largest patch that would fit, where a step on this one does not */
export async function refuseWhatDoesNotFit(model: ModelSpec, patch: number, threads?: number): Promise<StepPlan> {
  const plan = await planStep(model, patch, threads);
  if (plan) return plan;
  const largest = await largestPatch(model, patch, threads);
  throw badInput(`One training step on a patch of ${patch}^3 does not fit into WebAssembly's 4 GiB.`, largest ? `Use a patch of ${largest}^3 at most, or fewer features.` : 'Use fewer features.');
}
