/** @file The models that ship: each with a name of its own. */
import { expect, it } from 'vitest';
import { shippedModels } from '../../engine/host/shipped-library';

it('lists the models that ship, the steerable ones first, each under a name that no other has', async () => {
  const models = await shippedModels('assets');
  expect(models.map(({ id }) => id)).toEqual(['hippocampus-steerable', 'hippocampus-wide-steerable', 'hippocampus-long-steerable', 'hippocampus-ordinary', 'hippocampus-augmented-ordinary', 'hippocampus-group']);
  expect(new Set(models.map(({ name }) => name)).size).toBe(models.length);
  expect(models.map(({ name }) => name)).toContain('Steerable 8:4:2');
  expect(models.find(({ id }) => id === 'hippocampus-ordinary')!.name).toBe('Ordinary');
});
