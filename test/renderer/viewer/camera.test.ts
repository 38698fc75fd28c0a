import { describe, expect, it } from 'vitest';
import { identityRotation, rotateVector } from '../../../engine/math/rotation';
import { project, screenRight, screenUp, towardsViewer, trackball } from '../../../renderer/viewer/camera';

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);

describe('the camera', () => {
  it('has an orthonormal, right-handed screen', () => {
    for (const direction of [screenRight, screenUp, towardsViewer]) expect(dot(direction, direction)).toBeCloseTo(1);
    const [r, u] = [screenRight, screenUp];
    [r[1] * u[2] - r[2] * u[1], r[2] * u[0] - r[0] * u[2], r[0] * u[1] - r[1] * u[0]].forEach((component, axis) => expect(component).toBeCloseTo(towardsViewer[axis]));
  });

  it('looks from the left, front and above, with the head upright', () => {
    expect(towardsViewer[0]).toBeLessThan(0);
    expect(towardsViewer[1]).toBeGreaterThan(0);
    expect(towardsViewer[2]).toBeGreaterThan(0);
    expect(project([0, 0, 1], identityRotation)[1]).toBeGreaterThan(0.9);
  });

  it('turns what faces the viewer with the pointer', () => {
    expect(dot(rotateVector(trackball(10, 0, 400), towardsViewer), screenRight)).toBeGreaterThan(0);
    expect(dot(rotateVector(trackball(0, 10, 400), towardsViewer), screenUp)).toBeLessThan(0);
    // Half a turn for the width of the tile.
    expect(dot(rotateVector(trackball(400, 0, 400), towardsViewer), towardsViewer)).toBeCloseTo(-1);
  });
});
