import { describe, expect, it } from 'vitest';
import { planes } from '../../../engine/contract/engine-api';
import { cubeRotations, identityRotation, planeRotation, rotationAbout } from '../../../engine/math/rotation';
import { angleShown, atAngle, fromRotation, inPlane, nearestAngleDegrees, nextRightAngle, poseText, rightAngleIndex, rotationOf, sameRotation, turnedBy, upright } from '../../../renderer/state/pose';
import type { Pose } from '../../../renderer/state/pose';

describe('a pose', () => {
  it('is an angle to a tenth of a degree, kept on the dial', () => {
    expect(atAngle('axial', 62.04)).toEqual({ kind: 'angle', plane: 'axial', degrees: 62 });
    expect(atAngle('axial', -5)).toEqual(upright('axial'));
    expect(angleShown(atAngle('axial', 500))).toBe(180);
  });

  it.each(planes)('finds its own angle again in the %s plane', (plane) => {
    for (const degrees of [0, 0.1, 45, 90, 123.4, 180]) expect(nearestAngleDegrees(planeRotation(plane, degrees), plane)).toBeCloseTo(degrees, 6);
  });

  it('off the dial is shown at the end it is nearer to', () => {
    expect(nearestAngleDegrees(planeRotation('coronal', -20), 'coronal')).toBe(0);
    expect(nearestAngleDegrees(planeRotation('coronal', -170), 'coronal')).toBe(180);
  });

  it('reached by the trackball is free, and an angle again when it lies on the dial', () => {
    const free = fromRotation(rotationAbout([1, 1, 0], 40), 'sagittal');
    expect(free.kind).toBe('free');
    expect(fromRotation(planeRotation('sagittal', 30), 'sagittal')).toEqual(atAngle('sagittal', 30));
    // About (1, 1, 0) the part that turns about x brings it nearest to some angle between 0 and 40.
    const nearest = angleShown(free);
    expect(nearest).toBeGreaterThan(20);
    expect(nearest).toBeLessThan(40);
    expect(inPlane(free, 'sagittal')).toEqual(atAngle('sagittal', nearest));
  });

  it('stays a rotation over thousands of trackball steps', () => {
    let pose: Pose = upright('axial');
    for (let step = 0; step < 5000; step++) pose = turnedBy(pose, rotationAbout([Math.sin(step), 1, Math.cos(step)], 3));
    const m = rotationOf(pose);
    for (let r = 0; r < 3; r++) for (let s = 0; s < 3; s++) expect(m[3 * r] * m[3 * s] + m[3 * r + 1] * m[3 * s + 1] + m[3 * r + 2] * m[3 * s + 2]).toBeCloseTo(r === s ? 1 : 0, 12);
  });

  it('steps through all 24 right angles and comes back', () => {
    const seen = new Set<number | null>();
    let pose: Pose = upright('coronal');
    for (let step = 0; step < cubeRotations.length; step++) {
      seen.add(rightAngleIndex(pose));
      pose = nextRightAngle(pose, 1);
    }
    expect(seen.size).toBe(24);
    expect(seen.has(null)).toBe(false);
    expect(sameRotation(rotationOf(pose), identityRotation)).toBe(true);
    expect(rightAngleIndex(nextRightAngle(atAngle('axial', 8), -1))).toBe(23);
  });

  it('says where it is', () => {
    expect(poseText(atAngle('sagittal', 62))).toBe('62.0° sagittal');
    expect(poseText({ kind: 'free', plane: 'axial', rotation: rotationAbout([0, 0.6, 0.8], 41) })).toBe('41° about (0.0, 0.6, 0.8)');
  });
});
