import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkCases, loadCase, openDataset, structuresBeside, surveyDataset } from '../../engine/data/dataset';
import { imageFile, labelFile } from '../support/nifti-file';
import { sharedPath } from '../support/shared-folder';
import { temporaryFolder } from '../support/temporary-folder';

const shape = [4, 5, 6] as const;
const listing = (...cases: string[]) => ({
  name: 'Phantom',
  labels: { 0: 'background', 2: 'Posterior', 1: 'Anterior' },
  training: cases.map((id) => ({ image: `./imagesTr/${id}.nii.gz`, label: `./labelsTr/${id}.nii.gz` })),
});
const files = (...cases: string[]): Record<string, unknown> =>
  Object.fromEntries([['dataset.json', listing(...cases)], ...cases.flatMap((id) => [[`imagesTr/${id}.nii.gz`, imageFile(shape)], [`labelsTr/${id}.nii.gz`, labelFile(shape)]])]);

describe('openDataset', () => {
  it('lists cases and structures and loads a case', async () => {
    const dataset = await openDataset(temporaryFolder(files('a', 'b')));
    expect(dataset).toMatchObject({ name: 'Phantom', structures: [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }] });
    expect(dataset.cases.map(({ id }) => id)).toEqual(['a', 'b']);
    const { images: [image], labels } = await loadCase(dataset, dataset.cases[1]);
    expect([image!.shape, labels.shape]).toEqual([shape, shape]);
  });

  it('takes no notice of what macOS leaves in archives', async () => {
    expect((await openDataset(temporaryFolder({ ...files('a'), 'imagesTr/._a.nii.gz': 'x' }))).cases).toHaveLength(1);
  });

  it('tells a missing folder and a file from a folder without a list', async () => {
    const folder = temporaryFolder({ 'scan.nii': 'x' });
    await expect(openDataset(`${folder}/nothing`)).rejects.toMatchObject({ code: 'not-found', message: 'nothing was not found.' });
    await expect(openDataset(`${folder}/scan.nii`)).rejects.toMatchObject({ message: 'scan.nii is a file, not the folder of a data set.' });
  });

  it.each([
    ['a folder without dataset.json', { 'imagesTr/a.nii.gz': imageFile(shape), 'labelsTr/a.nii.gz': labelFile(shape) }, /has no dataset.json/],
    ['a folder of something else', { 'notes.txt': 'x' }, /is laid out in none of the ways that are read/],
    ['broken JSON', { 'dataset.json': '{' }, /dataset.json is not valid JSON/],
    ['a missing field', { 'dataset.json': { labels: {} } }, /dataset.json: field "training"/],
    ['an empty data set', { 'dataset.json': listing() }, /lists no training cases/],
    ['no structures', { ...files('a'), 'dataset.json': { ...listing('a'), labels: { 0: 'background' } } }, /lists no structures/],
    ['a missing file', { ...files('a'), 'dataset.json': listing('a', 'b') }, /b.nii.gz is listed in dataset.json and is not in the folder.*has|b.nii.gz is listed/],
    ['an image without label', { ...files('a'), 'imagesTr/c.nii.gz': imageFile(shape) }, /Image c.nii.gz has no label/],
    ['a label without image', { ...files('a'), 'labelsTr/c.nii.gz': labelFile(shape) }, /Label c.nii.gz has no image/],
    ['a case listed twice', { ...files('a'), 'dataset.json': listing('a', 'a') }, /^Case a is there twice: imagesTr.a\.nii\.gz and imagesTr.a\.nii\.gz\.$/],
    ['a file outside the folder', { ...files('a'), 'dataset.json': { ...listing('a'), training: [{ image: '../x.nii.gz', label: './labelsTr/a.nii.gz' }] } }, /x.nii.gz lies outside/],
  ])('refuses %s', async (_what, content, message) => {
    await expect(openDataset(temporaryFolder(content))).rejects.toThrow(message);
  });
});

it('leaves out the label to ignore from what is segmented, and nothing where there is none', () => {
  const structures = [{ value: 1, name: 'shell' }, { value: 3, name: 'unsure' }];
  expect([structuresBeside(3, structures), structuresBeside(undefined, structures)]).toEqual([[structures[0]], structures]);
});

describe('checkCases', () => {
  it('collects what is wrong with the contents, file by file', async () => {
    const folder = temporaryFolder({ ...files('a', 'b', 'c', 'd'), 'labelsTr/b.nii.gz': labelFile([4, 5, 7]), 'labelsTr/c.nii.gz': labelFile(shape, () => 5), 'imagesTr/d.nii.gz': imageFile(shape).subarray(0, 99) });
    const { dataset, problems } = await surveyDataset(folder);
    expect(problems).toEqual([]);
    const seen: number[] = [];
    const { problems: found } = await checkCases(dataset, (done) => seen.push(done));
    expect(found.map(({ message }) => message)).toEqual([
      'Label b.nii.gz has shape 4x5x7, but its image b.nii.gz has 4x5x6.',
      'Label c.nii.gz holds the label 5; allowed: 0, 1, 2.',
      expect.stringContaining('d.nii.gz is truncated'),
    ]);
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

it('ships ten sound cases', async () => {
  const dataset = await openDataset('assets/cases');
  expect(dataset.cases).toHaveLength(10);
  expect(await checkCases(dataset, () => {})).toEqual({ problems: [], notices: [] });
  expect(existsSync('assets/cases/README.md')).toBe(true);
});

const broken = sharedPath('data/broken-hippocampus');
it.skipIf(!broken)('names the real files without partner', async () => {
  const { problems } = await surveyDataset(broken!);
  expect(problems.map(({ message }) => message)).toEqual([
    'broken-hippocampus has no dataset.json.',
    'Image hippocampus_118.nii.gz has no label.',
    'Label hippocampus_010.nii.gz has no image.',
    'Label hippocampus_281.nii.gz has no image.',
  ]);
});
