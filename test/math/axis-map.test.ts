import { describe, expect, it } from 'vitest';
import { axisTaps, transposed, type AxisMethod } from '../../engine/math/axis-map';

const apply = (method: AxisMethod, amount: number, line: readonly number[]): number[] => axisTaps(method, amount, line.length).map((taps) => taps.reduce((sum, [index, weight]) => sum + weight * line[index]!, 0));

describe('maps of a line', () => {
  it('linear: a straight line stays one from end to end, whatever the factor, and one voxel is repeated', () => {
    for (const factor of [1, 2, 3, 5]) for (const size of [2, 5, 8]) {
      const line = Array.from({ length: size }, (_, i) => 3 + 2 * i);
      const up = apply('linear', factor, line);
      expect(up).toHaveLength(size * factor);
      up.forEach((value, o) => expect(value).toBeCloseTo(3 + (2 * o * (size - 1)) / (size * factor - 1), 12));
    }
    expect(apply('linear', 3, [7])).toEqual([7, 7, 7]);
  });
  it('average: means of windows side by side', () => expect(apply('average', 3, [1, 2, 6, 4, 4, 4])).toEqual([3, 4]));
  it('low-pass: keeps a constant away from the ends, keeps every factor-th voxel, and is the same from both ends', () => {
    for (const factor of [2, 3]) {
      const size = 8 * factor + 1;
      const constant = apply('low-pass', factor, Array.from({ length: size }, () => 1));
      expect(constant).toHaveLength(9);
      expect(constant[4]).toBeCloseTo(1, 12);
      expect(constant[0]).toBeLessThan(1);
      const line = Array.from({ length: size }, (_, i) => Math.sin(i * i));
      const back = apply('low-pass', factor, [...line].reverse());
      apply('low-pass', factor, line).reverse().forEach((value, i) => expect(value).toBeCloseTo(back[i]!, 12));
      // up again: as long as before
      expect(apply('low-pass-up', factor, constant)).toHaveLength(size);
    }
    expect(apply('low-pass', 1, [4, 5, 6])).toEqual([4, 5, 6]);
  });
  it('pad and crop: zeros in front, and their removal', () => {
    expect(apply('pad', 2, [1, 2, 3])).toEqual([0, 0, 1, 2, 3]);
    expect(apply('crop', 2, [0, 0, 1, 2, 3])).toEqual([1, 2, 3]);
  });
  it('transposed: the same weights from the other side', () => {
    const taps = axisTaps('linear', 2, 3);
    const back = transposed(taps, 3);
    expect(back.flatMap((line, index) => line.map(([output, weight]) => [output, index, weight])).sort()).toEqual(taps.flatMap((line, output) => line.map(([index, weight]) => [output, index, weight])).sort());
  });
});
