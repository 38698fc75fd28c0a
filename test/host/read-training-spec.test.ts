import { expect, it } from 'vitest';
import { findDataset, readTrainingSpec } from '../../engine/host/read-training-spec';

it('a spec is read without its data set, which only a training needs', async () => {
  const read = await readTrainingSpec('hippocampus-steerable', ['data.dataset=nowhere-at-all', 'seed=7']);
  expect(read.spec).toMatchObject({ seed: 7, model: { irreps: '4x0e+2x1e+1x2e' } });
  await expect(findDataset(read)).rejects.toThrow('The data set folder nowhere-at-all was not found.');
});
