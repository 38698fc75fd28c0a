/** @file The learning rate falls as the spec says. */
import { expect, test } from 'vitest';
import { trainingSpec } from '../../engine/contract/training-spec';
import { learningRateSchedule } from '../../engine/training/learning-rate';

const rateOf = (schedule: 'constant' | 'polynomial') =>
  learningRateSchedule(
    trainingSpec.parse({ name: 'rates', model: { architecture: 'unet', features: 2, inputs: 1, outputs: 2, poolings: 1, kernelSize: 3 }, data: { dataset: '.' }, optimiser: { learningRate: 0.01, schedule }, stopping: { maximumSteps: 10 } }),
  );

test('a constant rate stays', () => {
  expect([1, 5, 10].map(rateOf('constant'))).toEqual([0.01, 0.01, 0.01]);
});

test('a polynomial rate starts whole and falls to its last tenth by 0.1^0.9', () => {
  const rate = rateOf('polynomial');
  expect(rate(1)).toBe(0.01);
  expect(rate(6)).toBeCloseTo(0.01 * 0.5 ** 0.9, 15);
  expect(rate(10)).toBeCloseTo(0.01 * 0.1 ** 0.9, 15);
});
