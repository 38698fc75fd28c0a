import { expect, it } from 'vitest';
import { findDataset, readTrainingSpec } from '../../engine/host/read-training-spec';

it('a spec is read without its data set, which only a training needs', async () => {
  const read = await readTrainingSpec('hippocampus-steerable', ['data.dataset=nowhere-at-all', 'seed=7']);
  expect(read.spec).toMatchObject({ seed: 7, model: { irreps: '4x0e+2x1e+1x2e' } });
  await expect(findDataset(read)).rejects.toThrow('The data set folder nowhere-at-all was not found.');
});

it('the presets of the paper have its numbers of subjects, patience, patches and rate', async () => {
  const paper = { model: { architecture: 'steerable-unet', irreps: '8x0e+4x1e+2x2e', poolings: 3, kernelSize: 5 }, sampling: { kind: 'patch', patchSize: 128 }, loss: 'cross-entropy', optimiser: { kind: 'adam', learningRate: 5e-3, schedule: 'constant' } };
  const tumour = { ...paper, data: { splitSizes: { train: 340, validation: 95, test: 49 } } };
  expect((await readTrainingSpec('paper-tumour', [])).spec).toMatchObject({ ...tumour, model: { ...paper.model, inputs: 4 }, augmentation: { rotationDegrees: 0 }, stopping: { monitor: 'validation-loss', patienceEpochs: 25 } });
  expect((await readTrainingSpec('paper-tumour-augmented', [])).spec).toMatchObject({ ...tumour, augmentation: { rotationDegrees: 180 }, stopping: { monitor: 'validation-loss', patienceEpochs: 100 } });
  expect((await readTrainingSpec('paper-mindboggle', [])).spec).toMatchObject({ ...paper, model: { ...paper.model, outputs: 8 }, data: { splitSizes: { train: 7, validation: 3, test: 10 } }, stopping: { monitor: 'validation-loss', patienceEpochs: 150 } });
});
