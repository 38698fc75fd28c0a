/** @file What one training step will take of the heap, and which operators it runs: the step itself, with kernels that are not run. */
import { customGrad, scalar, tidy, zeros, type Scalar, type Tensor, type Tensor5D } from '@tensorflow/tfjs-core';
import { startBackend } from '../backends/choose';
import type { Shape } from '../contract/engine-api';
import type { ModelSpec } from '../contract/model-spec';
import { acceptedSizes } from '../contract/network-sizes';
import { badInput, GyraError } from '../contract/problem';
import { canvasFor } from '../data/canvas';
import { printShape, voxelCount } from '../math/volume';
import { buildNetwork } from '../model/build-network';
import { parameterCount } from '../model/cost';
import { multiplyAdds, type OperatorShapes } from '../model/multiply-adds';
import { valueAndGradients } from '../ops/backpropagation';
import { recordOperators } from '../ops/run-operator';
import { Adam } from '../training/adam';
import type { CaseSize } from '../training/training-data';

export interface StepPlan {
  /** The most bytes of tensors and scratch at a time. */
  readonly highWaterBytes: number;
  /** WebAssembly memory that takes, with the gaps between blocks. */
  readonly memoryBytes: number;
  /** The operators of a prediction, in order. */
  readonly forward: readonly OperatorShapes[];
  /** Those of a training step: forward, loss, backward with what is computed again, Adam. */
  readonly step: readonly OperatorShapes[];
}

/** A cube of so many voxels a side, or of the next sizes the network takes. */
export const patchShape = (model: ModelSpec, side: number): Shape => canvasFor([side, side, side], acceptedSizes(model));
export const totalMultiplyAdds = (calls: readonly OperatorShapes[]): number => calls.reduce((total, call) => total + multiplyAdds(call), 0);

/** Plans a step on one volume; null where WebAssembly's 4 GiB are too few. Replaces the current backend. */
export async function planStep(model: ModelSpec, [nx, ny, nz]: Shape, threads?: number): Promise<StepPlan | null> {
  // images and weights so large that no array could hold them are not even tried
  if (4 * Math.max(nx * ny * nz * model.inputs, parameterCount(model).stored) >= 2 ** 32) return null;
  const { backend, dispose } = await startBackend({ threads, planOnly: true });
  const { heap } = backend.machine;
  const calls: OperatorShapes[] = [];
  let inForward = 0;
  const shapesOf = (inputs: Readonly<Record<string, Tensor>>) => Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  try {
    recordOperators(
      ({ name, inputs, attributes }) => calls.push({ name, shapes: shapesOf(inputs), attributes } as unknown as OperatorShapes),
      () =>
        tidy(() => {
          const network = buildNetwork(model, 'blank');
          const adam = new Adam(network.variables, () => 1);
          const image = zeros([1, nz, ny, nx, model.inputs]) as Tensor5D;
          const { gradients } = valueAndGradients(() => {
            const logits = network.logits(image, { seed: 0, step: 1 });
            inForward = calls.length;
            return unreadLoss(logits);
          });
          adam.apply(gradients);
          adam.dispose();
          network.dispose();
        }),
    );
    const [logits, labels] = [[1, nz, ny, nx, model.outputs], [1, nz, ny, nx]];
    const loss: OperatorShapes[] = [
      { name: 'SegmentationLoss', shapes: { logits, labels }, attributes: { dice: true } },
      { name: 'SegmentationLossBackward', shapes: { dloss: [], logits, labels }, attributes: { dice: true } },
    ];
    return { highWaterBytes: heap.highWaterBytes, memoryBytes: heap.memory.buffer.byteLength, forward: calls.slice(0, inForward), step: [...calls, ...loss] };
  } catch (error) {
    if (error instanceof GyraError && error.code === 'out-of-memory') return null;
    throw error;
  } finally {
    await dispose();
  }
}

/** In place of the loss, which takes little memory beside the features, and whose kernel would judge labels that are not there. */
export const unreadLoss = (logits: Tensor5D): Scalar => customGrad((...read) => ({ value: scalar(0), gradFunc: () => [zeros((read[0] as Tensor).shape)] }))(logits);

/** The largest patch up to `most` a step fits with, of the sizes the network takes; 0 where none does. */
export async function largestPatch(model: ModelSpec, most: number, threads?: number): Promise<number> {
  const { multiple, remainder } = acceptedSizes(model);
  const step = multiple.reduce((a, b) => Math.max(a, b));
  const fits = await largestThat(Math.floor((most - remainder) / step), async (n) => (await planStep(model, patchShape(model, n * step + remainder), threads)) !== null);
  return fits > 0 ? fits * step + remainder : 0;
}

/** @throws GyraError naming the largest patch that would fit, where a step on this one does not */
export async function refuseWhatDoesNotFit(model: ModelSpec, patch: number, threads?: number): Promise<StepPlan> {
  const plan = await planStep(model, patchShape(model, patch), threads);
  if (plan) return plan;
  const largest = await largestPatch(model, patch, threads);
  throw badInput(`One training step on a patch of ${patch}^3 does not fit into WebAssembly's 4 GiB.`, largest ? `Use a patch of ${largest}^3 at most, or fewer features.` : 'Use fewer features.');
}

/** The largest canvas that whole volumes get in training, with `margin` voxels of fill an axis (as `drawSample` makes it). */
export function largestCanvas(model: ModelSpec, sizes: readonly CaseSize[], margin: number): Shape {
  const canvases = sizes.map(({ shape, turned }) => canvasFor(shape.map((extent, axis) => Math.max(extent + margin, turned[axis]!)) as unknown as Shape, acceptedSizes(model)));
  return canvases.reduce((largest, canvas) => (voxelCount(canvas) > voxelCount(largest) ? canvas : largest));
}

/** As {@link refuseWhatDoesNotFit}, for whole volumes. @throws GyraError naming the largest margin that would fit, or the largest patch where none does */
export async function refuseVolumesThatDoNotFit(model: ModelSpec, sizes: readonly CaseSize[], margin: number, threads?: number): Promise<StepPlan> {
  const canvas = largestCanvas(model, sizes, margin);
  const plan = await planStep(model, canvas, threads);
  if (plan) return plan;
  const fits = async (voxels: number): Promise<boolean> => (await planStep(model, largestCanvas(model, sizes, voxels), threads)) !== null;
  const message = `One training step on the largest volume, ${printShape(canvas)} voxels with its margins, does not fit into WebAssembly's 4 GiB.`;
  if (await fits(0)) throw badInput(message, `Set sampling.marginVoxels to ${await largestThat(margin - 1, fits)} at most, or use fewer features.`);
  const patch = await largestPatch(model, Math.min(256, Math.max(...canvas)), threads);
  throw badInput(message, patch ? `Set sampling.kind to patch and sampling.patchSize to ${patch} at most, or use fewer features.` : 'Use fewer features.');
}

/** The largest whole number up to `most` that fits, 0 where none from 1 on does. Whatever fits, smaller fits too. */
async function largestThat(most: number, fits: (n: number) => Promise<boolean>): Promise<number> {
  let [good, bad] = [0, most + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await fits(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
