import { describe, expect, it } from 'vitest';
import { columnsPerBlock, firstBlock, groupsOf, placeOf, pointAt, pointsAlongZ } from '../../engine/backends/wasm/kernels/convolution/fourier/point-blocks';
import { halfTurnSign, reflectionSigns } from '../../engine/backends/wasm/kernels/steerable/fourier/reflection-signs';
import { parseIrreps } from '../../engine/math/so3/irreps';
import { wignerD } from '../../engine/math/so3/wigner-d';

describe.each([12, 20] as const)('the order of %s points', (length) => {
  const order = Array.from({ length }, (_, place) => pointAt(length, place));
  it('holds every point once, at its place', () => {
    expect([...order].sort((a, b) => a - b)).toEqual(order.map((_, n) => n));
    expect(order.map((point) => placeOf(length, point))).toEqual(order.map((_, place) => place));
  });
  it.each([['y', columnsPerBlock, 'alongY'], ['z', pointsAlongZ, 'alongZ']] as const)('has mirror images at the same lane of the second block of a group along %s', (_axis, points, along) => {
    const groups = groupsOf([length, length, length])[along];
    expect(groups.mirrored).toBeGreaterThan(0);
    const seen: number[] = [];
    for (let group = 0; group < groups.groups; group++) {
      const first = firstBlock(groups, group);
      seen.push(first);
      if (group >= groups.mirrored) continue;
      seen.push(first + groups.mirrored);
      for (let lane = 0; lane < points; lane++) expect(pointAt(length, (first + groups.mirrored) * points + lane)).toBe(length - pointAt(length, first * points + lane));
    }
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: groups.blocks }, (_, block) => block));
  });
});

describe('signs at mirror images', () => {
  const half = { y: [[-1, 0, 0], [0, 1, 0], [0, 0, -1]], z: [[-1, 0, 0], [0, -1, 0], [0, 0, 1]] };
  it.each([0, 1, 2, 3].flatMap((degree) => (['y', 'z'] as const).map((axis) => [degree, axis] as const)))('are half a turn of degree %s about %s', (degree, axis) => {
    const size = 2 * degree + 1;
    const d = wignerD(degree, half[axis].flat());
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) expect(d[i * size + j]).toBeCloseTo(i === j ? halfTurnSign(degree, i, axis) : 0, 12);
  });
  it('stand at the channels of their entries, by mirror image and part', () => {
    const signs = reflectionSigns(parseIrreps('2x0e+1x1e'), [0, 3], 8);
    const of = (z: number, y: number, part: number) => Array.from({ length: 8 }, (_, channel) => [...signs.subarray((((2 * z + y) * 8 + channel) * 2 + part) * 4).subarray(0, 4)].map((bits) => (bits ? -1 : 1)));
    const four = (...values: number[]) => values.map((value) => [value, value, value, value]);
    for (const part of [0, 1]) {
      expect(of(0, 0, part)).toEqual(four(1, 1, 1, 1, 1, 1, 1, 1));
      expect(of(1, 1, part)).toEqual(four(1, 1, 1, 1, -1, -1, 1, 1));
    }
    expect(of(0, 1, 0)).toEqual(four(1, 1, 1, -1, 1, -1, 1, 1));
    expect(of(1, 0, 0)).toEqual(four(1, 1, 1, -1, -1, 1, 1, 1));
    // conjugate where they are images along one axis; there is no channel 2, nor 6 and 7
    expect(of(0, 1, 1)).toEqual(four(-1, -1, 1, 1, -1, 1, 1, 1));
    expect(of(1, 0, 1)).toEqual(four(-1, -1, 1, 1, 1, -1, 1, 1));
  });
});
