import { describe, expect, it } from 'vitest';
import { meanDice, overlaps } from '../../engine/evaluation/dice';
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
