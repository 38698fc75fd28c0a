import { describe, expect, it } from 'vitest';
import { openDataset, type Dataset } from '../../engine/data/dataset';
import { parts, readSplit } from '../../engine/data/split';
import { sharedPath } from '../support/shared-folder';
import { temporaryFolder } from '../support/temporary-folder';

const hippocampi = Array.from({ length: 40 }, (_, i) => `hippocampus_${String(i + 1).padStart(3, '0')}`);
const datasetWith = (cases: readonly string[], files: Record<string, unknown> = {}): Dataset => ({ name: 'Phantom', folder: temporaryFolder(files), structures: [], contrasts: ['MRI'], cases: cases.map((id) => ({ id, imagePaths: [], labelPath: '' })) });

describe('a split drawn with a seed', () => {
  it('puts every case into one part, the same for the same seed', async () => {
    const split = await readSplit(datasetWith(hippocampi), { seed: 3 });
    expect(parts.flatMap((part) => split[part]).sort()).toEqual(hippocampi);
    expect(parts.map((part) => split[part].length)).toEqual([28, 4, 8]);
    expect(await readSplit(datasetWith(hippocampi), { seed: 3 })).toEqual(split);
    expect(await readSplit(datasetWith(hippocampi), { seed: 4 })).not.toEqual(split);
  });

  it('keeps the two sides of a Hippocampus subject together, and what the split file calls a subject', async () => {
    const partOf = (split: Awaited<ReturnType<typeof readSplit>>, id: string): string | undefined => parts.find((part) => split[part].includes(id));
    for (let seed = 0; seed < 5; seed++) {
      const split = await readSplit(datasetWith(hippocampi), { seed });
      for (let k = 0; k < 40; k += 2) expect(partOf(split, hippocampi[k])).toBe(partOf(split, hippocampi[k + 1]));
      const scans = ['x', 'y', 'z', 'u', 'v', 'w'];
      const named = await readSplit(datasetWith(scans, { 'split.json': { subjects: { x: 'one', z: 'one', v: 'one' } } }), { seed });
      expect(new Set(['x', 'z', 'v'].map((id) => partOf(named, id))).size).toBe(1);
    }
  });

  it('keeps something for validation in a small data set', async () => {
    const split = await readSplit(datasetWith(['a', 'b', 'c', 'd']), { seed: 0 });
    expect(parts.map((part) => split[part].length)).toEqual([2, 1, 1]);
  });
});

describe('a split of given sizes', () => {
  const sizes = { train: 10, validation: 4, test: 5 };
  it('has so many subjects in each part, with the seed, whatever a file lists', async () => {
    const split = await readSplit(datasetWith(hippocampi, { 'split.json': { train: [hippocampi[0]], validation: [], test: [] } }), { seed: 3, sizes });
    expect(parts.map((part) => split[part].length)).toEqual([20, 8, 10]);
    expect(new Set(parts.flatMap((part) => split[part])).size).toBe(38);
    expect(await readSplit(datasetWith(hippocampi), { seed: 4, sizes })).not.toEqual(split);
  });
  it('is refused where there are too few subjects, with both numbers', async () => {
    await expect(readSplit(datasetWith(hippocampi), { seed: 3, sizes: { ...sizes, train: 12 } })).rejects.toThrow('needs 21 subjects (12 to train on, 4 for validation, 5 to test), and Phantom has 20');
  });
});

describe('a split file', () => {
  const good = { train: ['a', 'b'], validation: ['c'], test: [] };
  const read = (content: unknown, cases = ['a', 'b', 'c', 'd']) => readSplit(datasetWith(cases, { 'split.json': content }), { seed: 0 });

  it('is taken as it stands, also under another name', async () => {
    expect(await read({ ...good, note: 'by hand' })).toEqual(good);
    expect(await readSplit(datasetWith(['a', 'b', 'c'], { 'mine.json': good }), { file: 'mine.json', seed: 0 })).toEqual(good);
  });

  it('is refused with the name at fault', async () => {
    await expect(read({ train: ['a', 'b', 'a'], validation: ['c'], test: ['d'] })).rejects.toThrow('split.json lists a twice in train.');
    await expect(read({ ...good, test: ['e'] })).rejects.toThrow('split.json puts e into test');
    await expect(read({ ...good, test: ['a'] })).rejects.toThrow('split.json has a in both train and test.');
    await expect(read({ train: ['hippocampus_001'], validation: [], test: ['hippocampus_002'] }, hippocampi)).rejects.toThrow('hippocampus_001 in train and hippocampus_002 of the same subject in test');
    await expect(read({ train: ['a'] })).rejects.toThrow('list train, validation and test, or none of them');
    await expect(read({ ...good, val: [] })).rejects.toThrow('split.json');
    await expect(readSplit(datasetWith(['a']), { file: 'mine.json', seed: 0 })).rejects.toThrow('mine.json was not found');
  });
});

const hippocampus = sharedPath('data/Task04_Hippocampus');
it.skipIf(!hippocampus)('of the real data set: 140, 21 and 41 cases, no subject in two parts; what ships was not trained on', async () => {
  const split = await readSplit(await openDataset(hippocampus!), { seed: 0 });
  expect(parts.map((part) => split[part].length)).toEqual([140, 21, 41]);
  const shipped = await readSplit(await openDataset('assets/cases'), { seed: 0 });
  expect(shipped.train).toEqual([]);
  for (const part of ['validation', 'test'] as const) for (const id of shipped[part]) expect(split[part]).toContain(id);
});
