/** @file The built-in studies, where the data decide what they are. */
import { expect, it } from 'vitest';
import { trainingSpec } from '../../engine/contract/training-spec';
import { builtInStudy } from '../../engine/experiments/studies';

const base = trainingSpec.parse({ name: 'base', data: { dataset: 'anywhere' }, model: { architecture: 'steerable-unet', outputs: 2, poolings: 1, kernelSize: 3, irreps: '2x0e' } });

it('cost takes cubes that every case holds, and says so where one is thinner than a patch can be', () => {
  const cost = (...shapes: [number, number, number][]) => builtInStudy('cost', { base, trainingCases: 4, shapes });
  expect(new Set(cost([40, 30, 20], [30, 30, 30]).arms.map(({ spec }) => spec.sampling.patchSize))).toEqual(new Set([20]));
  expect(() => cost([40, 30, 20], [40, 40, 3])).toThrow(expect.objectContaining({ name: 'GyraError', code: 'bad-input', message: expect.stringContaining('has 4 voxels a side, and a patch has 8 at least') }));
});
