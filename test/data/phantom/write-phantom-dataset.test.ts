import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cancelled } from '../../../engine/contract/problem';
import { phantomSettings } from '../../../engine/contract/phantom-settings';
import { writePhantomDataset } from '../../../engine/data/phantom/write-phantom-dataset';
import { checkCases, loadCase, openDataset } from '../../../engine/data/dataset';
import { readSplit } from '../../../engine/data/split';
import { temporaryFolder } from '../../support/temporary-folder';

const settings = phantomSettings.parse({ size: [16, 20, 16], spacingMm: [12, 9.6, 12] });

describe('writePhantomDataset', () => {
  it('makes a Decathlon data set that reads without a problem, with its split', async () => {
    const folder = join(temporaryFolder(), 'heads');
    await writePhantomDataset(folder, { kind: 'brain', cases: 5, seed: 4, settings });
    const dataset = await openDataset(folder);
    expect(await checkCases(dataset, () => {})).toEqual({ problems: [], notices: [] });
    expect(dataset.structures.map(({ name }) => name)).toEqual(['cerebellum', 'hippocampus', 'lateral ventricles', 'caudate', 'putamen', 'pallidum', 'brain stem']);
    expect(await readSplit(dataset, { seed: 0 })).toEqual({ train: ['brain_001', 'brain_002', 'brain_003'], validation: ['brain_004'], test: ['brain_005'] });
    const [one] = dataset.cases;
    const { labels } = await loadCase(dataset, one);
    expect(labels.shape).toEqual([16, 20, 16]);
    expect(labels.spacingMm[1]).toBeCloseTo(9.6, 5);
    expect(labels.orientation).toBe('RAS');
  });
  it('makes nnU-Net raw data: a file a contrast, regions as unions', async () => {
    const folder = join(temporaryFolder(), 'tumours');
    await writePhantomDataset(folder, { kind: 'tumour', cases: 3, seed: 4, settings });
    expect(readdirSync(join(folder, 'imagesTr')).slice(0, 4)).toEqual([0, 1, 2, 3].map((channel) => `tumour_001_000${channel}.nii.gz`));
    expect(readdirSync(join(folder, 'labelsTr'))).toEqual(['tumour_001.nii.gz', 'tumour_002.nii.gz', 'tumour_003.nii.gz']);
    expect(JSON.parse(readFileSync(join(folder, 'dataset.json'), 'utf8'))).toMatchObject({
      channel_names: { 0: 'T1', 1: 'T1 contrast', 2: 'T2', 3: 'FLAIR' },
      labels: { background: 0, 'whole tumour': [1, 2, 3], 'tumour core': [2, 3], 'enhancing tumour': [3] },
      regions_class_order: [1, 2, 3], numTraining: 3, file_ending: '.nii.gz',
    });
    const dataset = await openDataset(folder);
    expect(dataset.contrasts).toEqual(['T1', 'T1 contrast', 'T2', 'FLAIR']);
    expect(dataset.structures.map(({ name, values }) => [name, values])).toEqual([['whole tumour', [1, 2, 3]], ['tumour core', [2, 3]], ['enhancing tumour', [3]]]);
    expect((await loadCase(dataset, dataset.cases[1])).images.map(({ shape }) => shape)).toEqual(Array(4).fill([16, 20, 16]));
  });
  it('writes the same bytes again', async () => {
    const parent = temporaryFolder();
    for (const name of ['a', 'b']) await writePhantomDataset(join(parent, name), { kind: 'brain', cases: 3, seed: 1, settings });
    for (const file of ['dataset.json', 'imagesTr/brain_002.nii.gz', 'labelsTr/brain_002.nii.gz']) expect(readFileSync(join(parent, 'a', file)).equals(readFileSync(join(parent, 'b', file)))).toBe(true);
  });
  it('leaves nothing behind when it is cancelled', async () => {
    const parent = temporaryFolder();
    await expect(writePhantomDataset(join(parent, 'heads'), { kind: 'brain', cases: 3, seed: 0, settings }, () => { throw cancelled(); })).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(parent)).toEqual([]);
  });
  it('refuses a folder that exists and too few cases, and leaves nothing behind', async () => {
    const parent = temporaryFolder({ 'there/a': '' });
    await expect(writePhantomDataset(join(parent, 'there'), { kind: 'brain', cases: 3, seed: 0, settings })).rejects.toMatchObject({ code: 'bad-input', message: 'there exists already.' });
    await expect(writePhantomDataset(join(parent, 'new'), { kind: 'brain', cases: 2, seed: 0, settings })).rejects.toThrow('2 phantoms cannot be split');
    await expect(writePhantomDataset(join(parent, 'there/a/new'), { kind: 'brain', cases: 3, seed: 0, settings })).rejects.toMatchObject({ code: 'bad-input' });
    expect(readdirSync(parent)).toEqual(['there']);
  });
});
