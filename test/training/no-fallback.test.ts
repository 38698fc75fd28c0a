import { tensor4d, tensor5d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import type { Network } from '../../engine/model/network';
import { argMaxChannels } from '../../engine/ops/arg-max-channels';
import { valueAndGradients } from '../../engine/ops/backpropagation';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { Adam } from '../../engine/training/adam';
import { randomArray, randomLabels } from '../support/random-array';

/** Elements a plain tfjs kernel may touch: a variable of a norm, never a feature map. */
const allowed = 4096;
const side = 24;
const specs = [
  modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e' }),
  modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 1, kernelSize: 3, irreps: '4x0e+2x1e+1x2e', upIrreps: '8x0e', normalisation: { kind: 'batch', by: 'mean-norm' }, pooling: 'low-pass', dropout: 0.1, padding: 'front' }),
  modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 2, kernelSize: 5, steps: [1, 1, 2], equivariance: 'O3', maximumDegree: 3, irreps: '2x0e+2x0o+1x1e+1x1o+1x2e+1x3o', normalisation: { kind: 'none' }, pooling: 'average', bias: false }),
  modelSpec.parse({ architecture: 'unet', outputs: 3, poolings: 2, kernelSize: 5, features: 6 }),
  modelSpec.parse({ architecture: 'group-unet', outputs: 3, poolings: 2, kernelSize: 5, features: 8 }),
];

describe.each(specs.map((spec) => [spec.architecture === 'steerable-unet' ? `${spec.architecture} (${spec.normalisation.kind} norm, ${spec.pooling} pooling)` : spec.architecture, spec] as const))('the %s falls back to no plain tfjs kernel', (_, spec) => {
  let handle: BackendHandle;
  let network: Network;
  const image = () => tensor5d(Float32Array.from(randomArray('image', side ** 3).data), [1, side, side, side, 1]);
  beforeAll(async () => {
    handle = await startBackend();
    network = buildNetwork(spec, 1);
  });
  afterAll(() => handle.dispose());

  it('in a training step, which lowers the loss and leaves nothing behind', () => {
    const adam = new Adam(network.variables, () => 5e-3);
    let steps = 0;
    const step = (): number =>
      tidy(() => {
        const labels = tensor4d(Int32Array.from(randomLabels('labels', 3, side ** 3).data), [1, side, side, side], 'int32');
        const { value, gradients } = valueAndGradients(() => segmentationLoss(network.logits(image(), { seed: 1, step: ++steps }), labels, { dice: true }));
        adam.apply(gradients);
        return value.dataSync()[0];
      });
    const first = step();
    const { heap } = handle.backend.machine;
    const before = [heap.blocks, handle.backend.numDataIds()];
    handle.backend.largestFallback = { kernel: '', elements: 0 };
    const losses = [step(), step(), step()];
    expect(handle.backend.largestFallback.elements, handle.backend.largestFallback.kernel).toBeLessThanOrEqual(allowed);
    expect([heap.blocks, handle.backend.numDataIds()]).toEqual(before);
    expect(Math.min(...losses)).toBeLessThan(first);
    adam.dispose();
  });
  it('in a prediction', () => {
    handle.backend.largestFallback = { kernel: '', elements: 0 };
    const labels = tidy(() => argMaxChannels(network.logits(image())).dataSync());
    expect(new Set(labels).size).toBeGreaterThan(1);
    expect(handle.backend.largestFallback.elements, handle.backend.largestFallback.kernel).toBeLessThanOrEqual(allowed);
  });
});
