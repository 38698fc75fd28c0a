import { mul, sum, tensor5d, tidy, variableGrads, type Scalar } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { buildNetwork } from '../../engine/model/build-network';
import { randomArray } from '../support/random-array';
import { useReferenceBackend } from '../support/reference-backend';
import { relativeError } from '../support/relative-error';

/** Logits, and the gradient of every variable under random weights of the logits, on the current backend. */
function computed(spec: ModelSpec): Map<string, ArrayLike<number>> {
  const network = buildNetwork(spec, 5);
  const values = new Map<string, ArrayLike<number>>();
  try {
    tidy(() => {
      const image = tensor5d(Float32Array.from(randomArray('image', 8 ** 3).data), [1, 8, 8, 8, 1]);
      const weights = tensor5d(Float32Array.from(randomArray('weights', 8 ** 3 * 3).data), [1, 8, 8, 8, 3]);
      const { grads } = variableGrads(() => sum(mul(network.logits(image), weights)) as Scalar, [...network.variables.values()]);
      values.set('logits', network.logits(image).dataSync());
      for (const [name, value] of network.variables) values.set(name, grads[value.name].dataSync());
    });
    return values;
  } finally {
    network.dispose();
  }
}

it.each([
  modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 1, kernelSize: 5, irreps: '2x0e+1x1e+1x2e' }),
  modelSpec.parse({ architecture: 'unet', outputs: 3, poolings: 2, kernelSize: 3, features: 3 }),
  modelSpec.parse({ architecture: 'group-unet', outputs: 3, poolings: 2, kernelSize: 3, features: 2 }),
])('the $architecture on the wasm backend equals the one made of slow references: logits and gradients to 1e-4', async (spec) => {
  const handle = await startBackend();
  const fast = computed(spec);
  await handle.dispose();
  await useReferenceBackend();
  const errors = [...computed(spec)].map(([name, values]) => [name, relativeError(fast.get(name)!, values)] as const);
  expect(errors.length).toBeGreaterThan(10);
  expect(errors.filter(([, error]) => error > 1e-4)).toEqual([]);
});
