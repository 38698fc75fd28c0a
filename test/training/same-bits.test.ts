import { tensor4d, tensor5d, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import { stateOf } from '../../engine/model/network';
import { valueAndGradients } from '../../engine/ops/backpropagation';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { Adam } from '../../engine/training/adam';
import { randomArray, randomLabels } from '../support/random-array';

const volume = [20, 24, 28] as const;
const voxels = volume[0] * volume[1] * volume[2];

/** Every variable after two training steps. */
async function trained(spec: ModelSpec, threads: number, wide?: boolean): Promise<Record<string, ArrayLike<number>>> {
  const handle = await startBackend({ threads, wide });
  expect(handle.threads).toBe(threads);
  const network = buildNetwork(spec, 1);
  const adam = new Adam(network.variables, () => 5e-3);
  for (let step = 0; step < 2; step++) {
    tidy(() => {
      const image = tensor5d(Float32Array.from(randomArray('image', voxels).data), [1, ...volume, 1]);
      const labels = tensor4d(Int32Array.from(randomLabels('labels', 3, voxels).data), [1, ...volume], 'int32');
      adam.apply(valueAndGradients(() => segmentationLoss(network.logits(image, { seed: 1, step }), labels, { dice: true })).gradients);
    });
  }
  const values = Object.fromEntries([...stateOf(network)].map(([name, value]) => [name, value.dataSync()]));
  await handle.dispose();
  return values;
}

it.each([
  modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e' }),
  modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 1, kernelSize: 3, irreps: '4x0e+2x1e+1x2e', normalisation: { kind: 'batch', by: 'mean-norm' }, pooling: 'average', dropout: 0.2 }),
  modelSpec.parse({ architecture: 'unet', outputs: 3, poolings: 2, kernelSize: 5, features: 7 }),
  modelSpec.parse({ architecture: 'group-unet', outputs: 3, poolings: 2, kernelSize: 5, features: 5 }),
])('two training steps of the $architecture give the same bits on 1, 2 and 4 threads, with the halves of eight lanes together or apart, and again', async (spec) => {
  const one = await trained(spec, 1, false);
  const fresh = Object.values(one).flatMap((values) => Array.from(values).slice(0, 1));
  expect(fresh.every(Number.isFinite)).toBe(true);
  for (const [threads, wide] of [[1, true], [2, true], [4, false], [1]] as const) expect(await trained(spec, threads, wide)).toEqual(one);
});
