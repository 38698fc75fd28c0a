import { engine, tensor1d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { kernelNameOf } from '../../engine/ops/operators';
import { adamStep } from '../../engine/ops/reference/adam-step';
import { zeros } from '../../engine/ops/reference/reference';
import { relativeError } from '../support/relative-error';
import { randomArray } from './describe-kernel';

const attributes = { learningRate: 5e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const steps = 5;

/** The state after all steps, with a new gradient at each. */
function reference(size: number): ArrayLike<number>[] {
  const state = { value: randomArray('value', size), mean: zeros([size]), square: zeros([size]) };
  for (let step = 1; step <= steps; step++) adamStep({ ...state, gradient: randomArray(`gradient ${step}`, size) }, { ...attributes, step });
  return Object.values(state).map(({ data }) => data);
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
  reference(size).forEach((expected, i) => expect(relativeError(results[0][i], expected)).toBeLessThan(1e-6));
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
