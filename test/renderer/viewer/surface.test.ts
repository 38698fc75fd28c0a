import { describe, expect, it } from 'vitest';
import type { Shape } from '../../../engine/contract/engine-api';
import { rotateLabels } from '../../../engine/math/resample';
import { planeRotation } from '../../../engine/math/rotation';
import { disagreement, disagreementLabels } from '../../../renderer/viewer/disagreement-labels';
import { labelSurface, shrunk, turnedBack, type Surface } from '../../../renderer/viewer/surface';

const shape: Shape = [16, 16, 16];
const ball = (radius: number, value = 1, centre = [7.5, 7.5, 7.5]) =>
  new Uint8Array(16 ** 3).map((_, at) => (Math.hypot((at % 16) - centre[0], (Math.floor(at / 16) % 16) - centre[1], Math.floor(at / 256) - centre[2]) <= radius ? value : 0));

/** Enclosed volume by the divergence theorem: positive when triangles face outwards. */
function volume({ vertices: v, triangles }: Surface): number {
  let six = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    six += v[a] * (v[b + 1] * v[c + 2] - v[b + 2] * v[c + 1]) + v[a + 1] * (v[b + 2] * v[c] - v[b] * v[c + 2]) + v[a + 2] * (v[b] * v[c + 1] - v[b + 1] * v[c]);
  }
  return six / 6;
}

describe('the surface of a label', () => {
  it('encloses about its voxels, facing outwards', () => {
    const labels = ball(5);
    const voxels = labels.reduce((sum, label) => sum + label, 0);
    expect(volume(labelSurface(labels, shape, 1)) / voxels).toBeGreaterThan(0.85);
    expect(volume(labelSurface(labels, shape, 1)) / voxels).toBeLessThan(1.05);
  });

  it('is closed: every edge belongs to two triangles, once in each direction', () => {
    const { triangles } = labelSurface(ball(4), shape, 1);
    const edges = new Set<string>();
    for (let t = 0; t < triangles.length; t += 3) for (let e = 0; e < 3; e++) edges.add(`${triangles[t + e]} ${triangles[t + ((e + 1) % 3)]}`);
    expect(edges.size).toBe(triangles.length);
    for (const edge of edges) expect(edges.has(edge.split(' ').reverse().join(' '))).toBe(true);
  });

  it('keeps a single voxel, at the border of the volume too', () => {
    const labels = new Uint8Array(16 ** 3);
    labels[0] = 1;
    const one = labelSurface(labels, shape, 1);
    expect(one.triangles.length).toBe(36);
    expect(volume(one)).toBeGreaterThan(0.01);
    expect(labelSurface(labels, shape, 2).triangles.length).toBe(0);
  });

  it('found on a turned canvas comes back to the upright head', () => {
    const rotation = planeRotation('axial', 90);
    const upright = ball(3, 1, [10, 6, 5]);
    const turned = rotateLabels({ data: upright, shape }, rotation).data;
    const back = turnedBack(labelSurface(turned, shape, 1), shape, rotation);
    const middle = [0, 1, 2].map((axis) => back.vertices.filter((_, i) => i % 3 === axis).reduce((sum, x) => sum + x, 0) / (back.vertices.length / 3));
    expect(middle).toEqual([expect.closeTo(10), expect.closeTo(6), expect.closeTo(5)]);
  });

  it('shrinks inwards', () => {
    const whole = labelSurface(ball(5), shape, 1);
    expect(volume(shrunk(whole, 0.4))).toBeLessThan(0.85 * volume(whole));
  });
});

describe('disagreement', () => {
  it('is missed and extra of the visible structures, at the pose of the prediction', () => {
    const rotation = planeRotation('coronal', 90);
    const reference = ball(3, 1, [10, 6, 5]);
    const prediction = rotateLabels({ data: reference, shape }, rotation).data.slice();
    expect(disagreementLabels({ labels: prediction, shape, rotation }, reference, [1]).every((label) => label === 0)).toBe(true);
    const removed = prediction.indexOf(1);
    prediction[removed] = 0;
    prediction[0] = 1;
    const labels = disagreementLabels({ labels: prediction, shape, rotation }, reference, [1]);
    expect(labels[removed]).toBe(disagreement.missed);
    expect(labels[0]).toBe(disagreement.extra);
    expect(disagreementLabels({ labels: prediction, shape, rotation }, reference, []).every((label) => label === 0)).toBe(true);
  });
});
