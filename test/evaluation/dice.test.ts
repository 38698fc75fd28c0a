import { describe, expect, it } from 'vitest';
import { meanDice, overlaps, overlapsBeside } from '../../engine/evaluation/dice';
import { summarise } from '../../engine/evaluation/statistics';

const structures = [{ value: 1, name: 'Anterior' }, { value: 2, name: 'Posterior' }, { value: 3, name: 'Tail' }];

describe('overlaps', () => {
  it('counts by hand', () => {
    const prediction = Uint8Array.of(0, 1, 1, 1, 2, 2, 0, 0);
    const reference = Uint8Array.of(0, 1, 1, 2, 2, 2, 2, 1);
    expect(overlaps(prediction, reference, structures)).toEqual([
      { value: 1, name: 'Anterior', dice: 4 / 6, predictedVoxels: 3, referenceVoxels: 3, commonVoxels: 2 },
      { value: 2, name: 'Posterior', dice: 4 / 6, predictedVoxels: 2, referenceVoxels: 4, commonVoxels: 2 },
      { value: 3, name: 'Tail', dice: null, predictedVoxels: 0, referenceVoxels: 0, commonVoxels: 0 },
    ]);
  });

  it('takes a region for the union of its labels', () => {
    const prediction = Uint8Array.of(0, 1, 1, 1, 2, 2, 3, 0);
    const reference = Uint8Array.of(0, 1, 1, 2, 2, 3, 2, 1);
    const regions = [{ value: 1, name: 'Whole', values: [1, 2, 3] }, { value: 2, name: 'Core', values: [2, 3] }, { value: 3, name: 'Enhancing', values: [3] }];
    // The core: predicted at 4, 5, 6, in truth at 3, 4, 5, 6.
    expect(overlaps(prediction, reference, regions)).toEqual([
      { ...regions[0], dice: 12 / 13, predictedVoxels: 6, referenceVoxels: 7, commonVoxels: 6 },
      { ...regions[1], dice: 6 / 7, predictedVoxels: 3, referenceVoxels: 4, commonVoxels: 3 },
      { ...regions[2], dice: 0, predictedVoxels: 1, referenceVoxels: 1, commonVoxels: 0 },
    ]);
  });

  it('leaves out the voxels of a label that counts nowhere', () => {
    const prediction = Uint8Array.of(1, 1, 0, 2, 1);
    const reference = Uint8Array.of(1, 9, 9, 2, 0);
    expect(overlapsBeside(9, prediction, reference, structures).map(({ dice }) => dice)).toEqual([2 / 3, 1, null]);
    expect(overlapsBeside(undefined, prediction, reference, structures)[0]!.dice).toBe(2 / 4);
    expect([...prediction]).toEqual([1, 1, 0, 2, 1]);
  });

  it('is 0 where only one of both is empty', () => {
    expect(overlaps(Uint8Array.of(0, 0), Uint8Array.of(0, 3), structures)[2].dice).toBe(0);
    expect(overlaps(Uint8Array.of(3, 0), Uint8Array.of(0, 0), structures)[2].dice).toBe(0);
  });
});

it('meanDice leaves out what is undefined', () => {
  expect(meanDice([{ dice: 0.5 }, { dice: null }, { dice: 1 }])).toBe(0.75);
  expect(meanDice([{ dice: null }])).toBeNull();
});

it('summarise gives the standard deviation of a sample', () => {
  expect(summarise([1, 2, null, 3, 6])).toEqual({ mean: 3, sd: Math.sqrt((4 + 1 + 0 + 9) / 3), n: 4 });
  expect(summarise([0.4])).toEqual({ mean: 0.4, sd: 0, n: 1 });
  expect(summarise([null])).toEqual({ mean: null, sd: 0, n: 0 });
});
