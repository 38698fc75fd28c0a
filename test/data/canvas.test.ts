import { describe, expect, it } from 'vitest';
import type { Shape } from '../../engine/contract/engine-api';
import { borderMedian, canvasFor, canvasForPoses, placeOnCanvas, takeFromCanvas } from '../../engine/data/canvas';
import { zScore } from '../../engine/data/normalise';
import { prepareCase } from '../../engine/data/prepared-case';
import { Random } from '../../engine/math/random';
import { rotateLabels } from '../../engine/math/resample';
import { cubeRotations, identityRotation, planeRotation, rotationAbout } from '../../engine/math/rotation';
import { ramp } from '../support/nifti-file';

const by4 = { multiple: [4, 4, 4], remainder: 0 } as const;
const cube = cubeRotations.map(({ matrix }) => matrix);
const shapes: Shape[] = [[36, 50, 31], [35, 51, 35], [7, 7, 7], [6, 9, 64]];
const filled = (shape: Shape) => ({ data: new Uint8Array(shape[0] * shape[1] * shape[2]).fill(1), shape });
const sum = (data: Uint8Array): number => data.reduce((a, b) => a + b, 0);

describe('canvasFor', () => {
  it('rounds up to the multiple, and to even sizes', () => {
    expect(canvasFor([36, 50, 31], by4)).toEqual([36, 52, 32]);
    expect(canvasFor([36, 50, 31], { multiple: [1, 1, 1], remainder: 0 })).toEqual([36, 50, 32]);
    expect(canvasFor([36, 50, 31], { multiple: [4, 4, 3], remainder: 0 })).toEqual([36, 52, 36]);
    expect(canvasFor([36, 49, 31], { multiple: [4, 4, 3], remainder: 1 })).toEqual([37, 49, 31]);
  });

  it('holds the margin asked for', () => {
    expect(canvasFor([36, 50, 31], by4, 6)).toEqual([44, 56, 40]);
    expect(canvasFor([36, 50, 31], by4, 0)).toEqual(canvasFor([36, 50, 31], by4));
  });
});

describe('canvasForPoses', () => {
  it('gives axes that a right angle exchanges the same size, also where oblique poses ask for more on one of them', () => {
    const oblique = [45, 30].flatMap((degrees) => [planeRotation('sagittal', degrees), planeRotation('axial', degrees)]);
    const [nx, ny, nz] = canvasForPoses([36, 50, 31], [...cube, ...oblique], by4);
    expect([ny, nz]).toEqual([nx, nx]);
    const one = canvasForPoses([36, 50, 31], [planeRotation('axial', 90), planeRotation('sagittal', 45)], by4);
    expect(one[0]).toBe(one[1]);
    expect(one[2]).toBeLessThan(one[0] + 4);
  });

  it('is a cube for right angles, and the upright canvas for none', () => {
    for (const shape of shapes) {
      const largest = Math.ceil(Math.max(...shape) / 4) * 4;
      expect(canvasForPoses(shape, cube, by4)).toEqual([largest, largest, largest]);
      expect(canvasForPoses(shape, [identityRotation], by4)).toEqual(canvasFor(shape, by4));
    }
  });

  it('loses no voxel at any pose, and holds no slab it does not need', () => {
    const random = Random.stream(2, 'poses');
    for (const shape of shapes) {
      const rotations = [identityRotation, planeRotation('axial', 45), rotationAbout([random.normal(), random.normal(), random.normal()], 77)];
      const canvas = canvasForPoses(shape, rotations, by4);
      const larger = canvas.map((size) => size + 16) as unknown as Shape;
      // Labels at the very border of a canvas reach half a voxel beyond it, where interpolation has nothing to read; so they keep off it along z.
      const labels = filled(shape);
      labels.data.fill(0, 0, shape[0] * shape[1]).fill(0, -shape[0] * shape[1]);
      for (const rotation of rotations) expect(sum(rotateLabels(placeOnCanvas(labels, canvas, 0), rotation).data)).toBe(sum(rotateLabels(placeOnCanvas(labels, larger, 0), rotation).data));
      // An axis is at most a step of the multiple, less one, and the slices at the ends of odd axes (1.73 along a diagonal) longer than the box reaches.
      const reach = canvas.map((_, axis) => Math.max(...rotations.map((r) => [0, 1, 2].reduce((total, from) => total + Math.abs(r[3 * axis + from]) * shape[from], 0))));
      canvas.forEach((size, axis) => expect(size - reach[axis]).toBeLessThan(4 + 1.74));
    }
  });

  it('puts the upright case at the same place the 24 right angles turn about: any of them undone gives it back', () => {
    for (const shape of shapes.slice(0, 3)) {
      const canvas = canvasForPoses(shape, cube, by4);
      const placed = placeOnCanvas({ data: Uint8Array.from(ramp(shape)), shape }, canvas, 0);
      for (const matrix of cube) {
        const turned = rotateLabels(placed, matrix);
        expect(sum(turned.data)).toBe(sum(placed.data));
        const inverse = cube.find((other) => rotateLabels(turned, other).data.every((label, i) => label === placed.data[i]));
        expect(inverse).toBeDefined();
      }
    }
  });
});

describe('placeOnCanvas', () => {
  it('pads evenly, with the odd slice at the end, and takeFromCanvas undoes it', () => {
    const volume = { data: Float32Array.of(1, 2, 3), shape: [3, 1, 1] as const };
    const placed = placeOnCanvas(volume, [8, 2, 2], -1);
    expect([...placed.data.slice(0, 8)]).toEqual([-1, -1, 1, 2, 3, -1, -1, -1]);
    expect(placed.data.filter((value) => value === -1)).toHaveLength(32 - 3);
    expect(takeFromCanvas(placed, volume.shape)).toEqual(volume);
  });

  it('refuses a canvas that is too small', () => {
    expect(() => placeOnCanvas(filled([4, 4, 4]), [4, 4, 2], 0)).toThrow('4x4x4 voxels does not fit a canvas of 4x4x2');
  });
});

describe('prepareCase', () => {
  const shape = [5, 6, 7] as const;
  const data = ramp(shape).map((value) => 1000 + 3 * value);

  it('normalises on the case alone, whatever its scale, and fills with the median of its border', () => {
    const upright = zScore(data);
    const mean = upright.reduce((a, b) => a + b, 0) / upright.length;
    expect(mean).toBeCloseTo(0, 6);
    expect(upright.reduce((a, b) => a + b * b, 0) / upright.length).toBeCloseTo(1, 5);
    const { images: [image], fills: [fill], reference } = prepareCase({ images: [{ data, shape }], labels: { data: new Uint8Array(210).fill(2), shape } }, [8, 8, 8]);
    expect(takeFromCanvas(image!.volume, shape).data).toEqual(upright);
    expect(fill).toBe(borderMedian({ data: upright, shape }));
    expect(image!.volume.data[0]).toBe(Math.fround(fill!));
    expect(sum(reference!.data)).toBe(2 * 210);
    expect(prepareCase({ images: [{ data: data.map((value) => value * 8), shape }], labels: null }, [8, 8, 8]).fills[0]).toBeCloseTo(fill!, 6);
  });

  it('normalises and fills each contrast by itself', () => {
    const other = ramp(shape).map((value) => 5 - value * value);
    const both = prepareCase({ images: [{ data, shape }, { data: other, shape }], labels: null }, [8, 8, 8]);
    const alone = [data, other].map((one) => prepareCase({ images: [{ data: one, shape }], labels: null }, [8, 8, 8]));
    expect(both.fills).toEqual(alone.map(({ fills }) => fills[0]));
    expect(both.images.map(({ volume }) => volume)).toEqual(alone.map(({ images }) => images[0]!.volume));
    expect(both.fills[0]).not.toBeCloseTo(both.fills[1]!, 2);
  });

  it('takes only the faces for the border', () => {
    const block = new Float32Array(27).fill(4);
    block[13] = 900;
    block[0] = -50;
    expect(borderMedian({ data: block, shape: [3, 3, 3] })).toBe(4);
  });
});
