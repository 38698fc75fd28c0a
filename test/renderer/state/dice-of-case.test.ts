import { describe, expect, it } from 'vitest';
import { casePoints, segmentationsPerSecond, uprightDice, uprightVisit, visitCount, worstVisit } from '../../../renderer/state/dice-of-case';
import { atAngle } from '../../../renderer/state/pose';
import type { Visit } from '../../../renderer/state/session';

const visit = (modelId: string, plane: 'sagittal' | 'axial', degrees: number, meanDice: number | null): Visit => ({
  modelId,
  pose: atAngle(plane, degrees),
  meanDice,
  scores: [{ value: 1, name: 'Anterior', dice: meanDice, predictedMl: 1, referenceMl: 1 }],
});
const visits = [visit('a', 'sagittal', 0, 0.9), visit('a', 'sagittal', 60, 0.5), visit('a', 'axial', 30, 0.4), visit('a', 'axial', 90, null), visit('b', 'sagittal', 30, 0.8)];

describe('Dice of the open case', () => {
  it('knows the upright value of each structure', () => {
    expect(uprightVisit(visits, 'a')?.meanDice).toBe(0.9);
    expect(uprightDice(visits, 'a', 1)).toBe(0.9);
    expect(uprightDice(visits, 'a', 2)).toBeNull();
    expect(uprightVisit(visits, 'b')).toBeUndefined();
  });
  it('finds the worst pose, leaving out what has no Dice', () => {
    expect(worstVisit(visits, 'a')?.pose).toEqual(atAngle('axial', 30));
    expect(worstVisit(visits, 'c')).toBeNull();
  });
  it('counts poses, not answers', () => {
    expect(visitCount([...visits, visit('b', 'sagittal', 60, 0.7)])).toEqual({ poses: 5, planes: 2 });
  });
  it('has points of one plane in order, with upright in every plane', () => {
    expect(casePoints(visits, 'a', 'sagittal')).toEqual([{ degrees: 0, meanDice: 0.9 }, { degrees: 60, meanDice: 0.5 }]);
    expect(casePoints(visits, 'a', 'axial')).toEqual([{ degrees: 0, meanDice: 0.9 }, { degrees: 30, meanDice: 0.4 }]);
  });
});

describe('segmentations a second', () => {
  it('are measured over the latest unbroken run', () => {
    expect(segmentationsPerSecond([0, 5000, 5100, 5200, 5300, 5400])).toBeCloseTo(10);
  });
  it('are not given before there are enough', () => {
    expect(segmentationsPerSecond([])).toBeNull();
    expect(segmentationsPerSecond([0, 100, 200, 5000])).toBeNull();
  });
});
