import { describe, expect, it } from 'vitest';
import type { CurvePoint, Plane } from '../../../engine/contract/engine-api';
import { bandKey, diceAt, diceRows, frameKey, meanInPlane, meanKey, spreadApart, testCases, valueAt, type DiceSeries } from '../../../renderer/charts/dice-series';

const point = (plane: Plane, degrees: number, mean: number, sd = 0.1, n = 41): CurvePoint => ({ plane, degrees, mean, sd, n });
const series = (mean: CurvePoint[], ofCase: DiceSeries['ofCase'] = []): DiceSeries => ({ modelId: 'a', name: 'A', mark: { shape: 'circle', colour: '--model-steerable', dashed: false }, mean, ofCase });

describe('Dice over angle', () => {
  it('takes the points of one plane in order and upright from any plane', () => {
    const curve = [point('sagittal', 0, 0.9), point('axial', 90, 0.5), point('axial', 45, 0.6)];
    expect(meanInPlane(curve, 'axial').map(({ degrees }) => degrees)).toEqual([0, 45, 90]);
    expect(meanInPlane(curve, 'coronal')).toEqual([]);
  });

  it('makes one row an angle, with gaps where a model has no value and bands within 0 and 1', () => {
    const rows = diceRows([[point('axial', 0, 0.95), point('axial', 90, 0.05)], [point('axial', 45, 0.5)]]);
    expect(rows.map(({ degrees }) => degrees)).toEqual([0, 45, 90, 180]);
    expect(rows[0]).toEqual({ degrees: 0, [frameKey]: 0, [meanKey(0)]: 0.95, [bandKey(0)]: [0.85, 1] });
    expect(rows[2][bandKey(0)]).toEqual([0, expect.closeTo(0.15)]);
    expect(rows[1]).not.toHaveProperty([meanKey(0)]);
  });

  it('reads values between points and none beyond them', () => {
    const points = [{ degrees: 10, value: 0.8 }, { degrees: 30, value: 0.4 }];
    expect(valueAt(points, 20)).toBeCloseTo(0.6);
    expect(valueAt(points, 30)).toBe(0.4);
    expect(valueAt(points, 5)).toBeNull();
    expect(valueAt(points, 31)).toBeNull();
    expect(diceAt(series([], [{ degrees: 0, dice: 0.7 }]), 0)).toEqual({ mean: null, sd: null, ofCase: 0.7 });
  });

  it('says how many test cases there are only when all agree', () => {
    expect(testCases([series([point('axial', 0, 0.9)])])).toBe(41);
    expect(testCases([series([point('axial', 0, 0.9), point('axial', 90, 0.9, 0.1, 40)])])).toBeNull();
    expect(testCases([series([])])).toBeNull();
  });

  it('moves labels apart within the chart, keeping their order', () => {
    expect(spreadApart([10, 12, 100], 14, 0, 200)).toEqual([10, 24, 100]);
    expect(spreadApart([195, 190], 14, 0, 200)).toEqual([200, 186]);
    expect(spreadApart([-5], 14, 0, 200)).toEqual([0]);
  });
});
