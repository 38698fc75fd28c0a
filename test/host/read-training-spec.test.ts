import { expect, it } from 'vitest';
import { findDataset, readTrainingOrModelSpec, readTrainingSpec } from '../../engine/host/read-training-spec';
import { temporaryFolder } from '../support/temporary-folder';

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

it('where no data are needed a spec may be that of a model alone, with the settings of a training', async () => {
  const model = { architecture: 'unet', outputs: 2, poolings: 1, kernelSize: 3, features: 4 };
  const folder = temporaryFolder({ 'model.json': model, 'wrong.json': { ...model, features: 0 }, 'newer.json': { ...model, schemaVersion: 2 }, 'other.json': { features: 4 } });
  const read = (name: string, ...settings: string[]) => readTrainingOrModelSpec(`${folder}/${name}`, settings);
  expect((await read('model.json', 'model.features=8')).spec).toMatchObject({ model: { ...model, features: 8 }, sampling: { kind: 'volume' } });
  expect((await readTrainingOrModelSpec('paper-tumour', [])).spec).toEqual((await readTrainingSpec('paper-tumour', [])).spec);
  await expect(read('wrong.json')).rejects.toThrow('wrong.json: field "features"');
  await expect(read('newer.json')).rejects.toThrow('newer.json was written by a newer version');
  await expect(read('other.json')).rejects.toThrow('other.json is neither a training spec nor a model spec');
});
