/** @file A long training neither fills the heap nor hoards tensors: after 100 steps there are as many blocks and tensors as after 10. */
import { memory, tensor4d, tensor5d, tidy, variableGrads, type Scalar } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { Adam } from '../../engine/training/adam';
import { randomArray, randomLabels } from '../support/random-array';

const side = 8;
const shared = { outputs: 2, poolings: 1, kernelSize: 3 };
const specs = [
  modelSpec.parse({ architecture: 'steerable-unet', irreps: '2x0e+1x1e+1x2e', dropout: 0.1, ...shared }),
  modelSpec.parse({ architecture: 'steerable-unet', irreps: '2x0e+1x0o+1x1o', equivariance: 'O3', maximumDegree: 1, normalisation: { kind: 'batch' }, pooling: 'average', ...shared }),
  modelSpec.parse({ architecture: 'unet', features: 2, ...shared }),
  modelSpec.parse({ architecture: 'group-unet', features: 1, ...shared }),
];

let handle: BackendHandle;
beforeAll(async () => void (handle = await startBackend()));
afterAll(() => handle.dispose());

describe.each(specs.map((spec, i) => [`${spec.architecture} ${i}`, spec] as const))('%s', (_, spec) => {
  it('keeps as many blocks and tensors after 100 steps as after 10', () => {
    const network = buildNetwork(spec, 1);
    const adam = new Adam(network.variables, () => 5e-3);
    const step = (): void =>
      tidy(() => {
        const image = tensor5d(Float32Array.from(randomArray('image', side ** 3).data), [1, side, side, side, 1]);
        const labels = tensor4d(Int32Array.from(randomLabels('labels', 2, side ** 3).data), [1, side, side, side], 'int32');
        const { grads } = variableGrads(() => segmentationLoss(network.logits(image), labels, { dice: true }) as Scalar, [...network.variables.values()]);
        adam.apply(grads);
      });
    const kept = () => ({ blocks: handle.backend.machine.heap.blocks, tensors: memory().numTensors, data: handle.backend.numDataIds() });
    for (let i = 0; i < 10; i++) step();
    const early = kept();
    for (let i = 0; i < 90; i++) step();
    expect(kept()).toEqual(early);
    adam.dispose();
    network.dispose();
  });
});
