import { engine, tensor1d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { kernelNameOf } from '../../engine/ops/operators';
import { relativeError } from '../support/relative-error';
import { randomArray } from './describe-kernel';

const attributes = { learningRate: 5e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const steps = 5;

/** torch.optim.Adam's formula in float64; a new gradient at each step. */
function reference(size: number): { value: Float64Array; mean: Float64Array; square: Float64Array } {
  const { learningRate, beta1, beta2, epsilon } = attributes;
  const value = randomArray('value', size).data.slice();
  const [mean, square] = [new Float64Array(size), new Float64Array(size)];
  for (let step = 1; step <= steps; step++) {
    const gradient = randomArray(`gradient ${step}`, size).data;
    for (let i = 0; i < size; i++) {
      mean[i] = beta1 * mean[i] + (1 - beta1) * gradient[i];
      square[i] = beta2 * square[i] + (1 - beta2) * gradient[i] ** 2;
      value[i] -= ((learningRate / (1 - beta1 ** step)) * mean[i]) / (Math.sqrt(square[i]) / Math.sqrt(1 - beta2 ** step) + epsilon);
    }
  }
  return { value, mean, square };
}

it.each([1, 3, 16384, 50_021])('AdamStep on %i elements changes value, mean and square in place', async (size) => {
  const results: ArrayLike<number>[][] = [];
  for (const threads of [1, 2, 4]) {
    const handle = await startBackend({ threads });
    const state = { value: tensor1d(Float32Array.from(randomArray('value', size).data)), mean: tensor1d(new Float32Array(size)), square: tensor1d(new Float32Array(size)) };
    for (let step = 1; step <= steps; step++) {
      const gradient = tensor1d(Float32Array.from(randomArray(`gradient ${step}`, size).data));
      expect(engine().runKernel(kernelNameOf('AdamStep'), { ...state, gradient }, { ...attributes, step })).toEqual([]);
      gradient.dispose();
    }
    results.push(Object.values(state).map((t) => t.dataSync()));
    for (const t of Object.values(state)) t.dispose();
    await handle.dispose();
  }
  Object.values(reference(size)).forEach((expected, i) => expect(relativeError(results[0][i], expected)).toBeLessThan(1e-6));
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
