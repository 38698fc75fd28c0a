import { describe, expect, it } from 'vitest';
import { compose, cubeRotations, isSignedPermutation, rotateVector, rotationAbout } from '../../engine/math/rotation';
import { quotients, rotationGroup, turnedTaps } from '../../engine/math/rotation-group';

describe.each([['klein', 4], ['cube', 24]] as const)('the group %s', (name, order) => {
  const group = rotationGroup(name);

  it(`has ${order} elements, the identity first`, () => {
    expect(new Set(group.map(String)).size).toBe(order);
    expect(group[0]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(group.every(isSignedPermutation)).toBe(true);
  });
  it('is closed: g times the quotient of g and h is h', () => {
    const table = quotients(group);
    for (let g = 0; g < order; g++) for (let h = 0; h < order; h++) expect(compose(group[g], group[table[g * order + h]]).map((entry) => entry + 0)).toEqual(group[h]);
  });
  it.each([1, 3, 5])('turns the taps of a kernel of size %i onto each other: the tap named for g, turned by g, is the tap itself', (size) => {
    const taps = turnedTaps(group, size);
    const radius = (size - 1) / 2;
    const offset = (tap: number) => [tap % size, Math.floor(tap / size) % size, Math.floor(tap / size / size)].map((i) => i - radius) as [number, number, number];
    expect(taps).toHaveLength(size ** 3 * order);
    for (let tap = 0; tap < size ** 3; tap++) group.forEach((g, number) => expect(rotateVector(g, offset(taps[tap * order + number])).map((component) => component + 0)).toEqual(offset(tap).map((component) => component + 0)));
  });
});

it("Klein's group is the identity and the turns by 180 degrees about x, y and z", () => {
  const turns = ([[1, 0, 0], [0, 1, 0], [0, 0, 1]] as const).map((axis) => rotationAbout(axis, 180).map((entry) => entry + 0));
  expect(rotationGroup('klein')).toEqual([[1, 0, 0, 0, 1, 0, 0, 0, 1], ...turns]);
});
it("the cube's group is that of the right angles", () => expect(rotationGroup('cube')).toEqual(cubeRotations.map(({ matrix }) => matrix)));
