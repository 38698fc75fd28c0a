import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkSameGrid, labelsOf } from '../../engine/data/labels';
import { readImage, readVolume, writeVolume } from '../../engine/data/nifti';
import type { Structure } from '../../engine/contract/structure';
import { imageFile, labelFile, plainGeometry } from '../support/nifti-file';
import { sharedPath } from '../support/shared-folder';

const shape = [4, 5, 6] as const;
const readLabels = (bytes: Uint8Array, name: string, listed: readonly Structure[] | null, ignoreLabel?: number) => labelsOf(readVolume(bytes, name), name, listed, { ignoreLabel });
const structures = [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }];

describe('readLabels', () => {
  it('reads listed labels, also from a float32 file', () => {
    expect(readLabels(labelFile(shape), 'a.nii.gz', structures).data.slice(0, 4)).toEqual(Uint8Array.of(0, 1, 2, 0));
    expect(readLabels(writeVolume({ data: new Float32Array(120).fill(2), shape }, plainGeometry, 'a.nii'), 'a.nii', structures).data[0]).toBe(2);
  });

  it('refuses values that are not listed and values that are not whole', () => {
    expect(() => readLabels(labelFile(shape, (i) => (i === 7 ? 9 : 0)), 'a.nii.gz', structures)).toThrow('a.nii.gz holds the label 9; allowed: 0, 1, 2.');
    expect(readLabels(labelFile(shape, () => 9), 'a.nii.gz', null).data[0]).toBe(9);
    expect(readLabels(labelFile(shape, () => 9), 'a.nii.gz', structures, 9).data[0]).toBe(9);
    const half = writeVolume({ data: new Float32Array(120).fill(0.5), shape }, plainGeometry, 'a.nii');
    expect(() => readLabels(half, 'a.nii', structures)).toThrow('a.nii holds 0.5, and labels are whole numbers.');
    const negative = writeVolume({ data: new Float32Array(120).fill(-1), shape }, plainGeometry, 'a.nii');
    expect(() => readLabels(negative, 'a.nii', null)).toThrow('-1; allowed: 0 to 255');
    const broken = writeVolume({ data: new Float32Array(120).fill(NaN), shape }, plainGeometry, 'a.nii');
    expect(() => readLabels(broken, 'a.nii', null)).toThrow('NaN');
  });
});

describe('checkSameGrid', () => {
  const image = readImage(imageFile(shape), 'image.nii.gz');
  const check = (bytes: Uint8Array) => () => checkSameGrid(readLabels(bytes, 'label.nii.gz', structures), 'label.nii.gz', image, 'image.nii.gz');

  it('accepts the same grid and names what differs otherwise', () => {
    expect(check(labelFile(shape))).not.toThrow();
    expect(check(labelFile([4, 5, 7]))).toThrow('label.nii.gz has shape 4x5x7, but its image image.nii.gz has 4x5x6.');
    expect(check(labelFile(shape, undefined, { ...plainGeometry, pixdim: [1, 1, 1, 5] }))).toThrow('voxel size 1 x 1 x 5 mm');
    expect(check(labelFile(shape, undefined, { ...plainGeometry, sform: [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] }))).toThrow('orientation LAS');
  });
});

const broken = sharedPath('data/broken-hippocampus');
describe.skipIf(!broken)('real labels of other cases', () => {
  const image = (): ReturnType<typeof readImage> => readImage(readFileSync(`${broken}/imagesTr/hippocampus_118.nii.gz`), 'hippocampus_118.nii.gz');
  const check = (name: string) => () => checkSameGrid(readLabels(readFileSync(`${broken}/labelsTr/${name}`), name, structures), name, image(), 'hippocampus_118.nii.gz');

  it('are refused with both shapes', () => {
    expect(check('hippocampus_281.nii.gz')).toThrow('hippocampus_281.nii.gz has shape 512x512x94, but its image hippocampus_118.nii.gz has 37x52x33.');
    expect(check('hippocampus_010.nii.gz')).toThrow('36x50x31');
  });
});
