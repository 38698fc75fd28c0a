import { describe, expect, it } from 'vitest';
import { axisAngle, compose, cubeRotations, identityRotation, inverseRotation, isSignedPermutation, planeRotation, rotateVector, rotationAbout, type Vector3 } from '../../engine/math/rotation';
import { Random } from '../../engine/math/random';

const random = Random.stream(1, 'rotations');
const randomRotations = Array.from({ length: 50 }, () => ({ axis: [random.normal(), random.normal(), random.normal()] as Vector3, angleDegrees: 180 * random.uniform() }));
const expectClose = (a: readonly number[], b: readonly number[], digits = 12): void => a.forEach((value, i) => expect(value).toBeCloseTo(b[i], digits));

describe('rotationAbout', () => {
  it('is right-handed in each plane', () => {
    expect(rotateVector(planeRotation('axial', 90), [1, 0, 0])).toEqual([0, 1, 0]);
    expect(rotateVector(planeRotation('sagittal', 90), [0, 1, 0])).toEqual([0, 0, 1]);
    expect(rotateVector(planeRotation('coronal', 90), [0, 0, 1])).toEqual([1, 0, 0]);
  });

  it('is exact at right angles, whatever the turns', () => {
    for (const plane of ['sagittal', 'coronal', 'axial'] as const) for (const degrees of [-450, -90, 0, 90, 180, 270, 360, 720]) expect(isSignedPermutation(planeRotation(plane, degrees))).toBe(true);
    expect(planeRotation('coronal', 360)).toEqual(identityRotation);
  });

  it('keeps lengths and its axis, and its inverse undoes it', () => {
    for (const { axis, angleDegrees } of randomRotations) {
      const rotation = rotationAbout(axis, angleDegrees);
      expectClose(rotateVector(rotation, axis), axis);
      expectClose(compose(inverseRotation(rotation), rotation), identityRotation);
    }
  });
});

describe('compose', () => {
  it('turns by the second after the first', () => {
    const [first, second] = [rotationAbout([1, 2, 3], 40), rotationAbout([-1, 0.5, 2], 110)];
    expectClose(rotateVector(compose(second, first), [0.3, -1, 2]), rotateVector(second, rotateVector(first, [0.3, -1, 2])));
  });
});

describe('axisAngle', () => {
  it('gives back axis and angle', () => {
    for (const { axis, angleDegrees } of randomRotations) {
      const found = axisAngle(rotationAbout(axis, angleDegrees));
      expect(found.angleDegrees).toBeCloseTo(angleDegrees, 9);
      expectClose(found.axis, axis.map((component) => component / Math.hypot(...axis)), 9);
    }
  });

  it('is accurate near 0 and 180 degrees', () => {
    for (const angleDegrees of [1e-6, 179.999999]) expect(axisAngle(rotationAbout([1, 1, 0], angleDegrees)).angleDegrees).toBeCloseTo(angleDegrees, 9);
    expect(axisAngle(identityRotation)).toEqual({ axis: [0, 0, 1], angleDegrees: 0 });
    expect(axisAngle(rotationAbout([0, 1, 0], 180))).toEqual({ axis: [0, 1, 0], angleDegrees: 180 });
  });
});

describe('cubeRotations', () => {
  it('are 24 different rotations with the identity first', () => {
    expect(new Set(cubeRotations.map(({ matrix }) => matrix.join())).size).toBe(24);
    expect(cubeRotations[0].matrix).toEqual(identityRotation);
    expect(cubeRotations.map(({ angleDegrees }) => angleDegrees)).toEqual([0, ...Array(6).fill(90), ...Array(8).fill(120), ...Array(9).fill(180)]);
  });

  it('are closed under composition', () => {
    const known = new Set(cubeRotations.map(({ matrix }) => matrix.join()));
    for (const a of cubeRotations) for (const b of cubeRotations) expect(known).toContain(compose(a.matrix, b.matrix).map((entry) => entry + 0).join());
  });

  it('are what their axis and angle say', () => {
    for (const { matrix, axis, angleDegrees } of cubeRotations) expectClose(rotationAbout(axis, angleDegrees), matrix);
  });
});
