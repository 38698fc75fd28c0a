import { describe, expect, it } from 'vitest';
import type { RotationMatrix, Shape } from '../../../engine/contract/engine-api';
import { planes } from '../../../engine/contract/engine-api';
import { identityRotation, planeRotation, rotationAbout, type Vector3 } from '../../../engine/math/rotation';
import { turnSense, views } from '../../../renderer/viewer/anatomy';
import { caseBox, labelBox, pixelOf, pointAt, resliceImage, resliceLabel, sliceGrid, turnedGrid } from '../../../renderer/viewer/reslice';
import { rotateTrilinear } from '../../support/rotate-trilinear';

const shape: Shape = [11, 9, 13];
const image = Float32Array.from({ length: 11 * 9 * 13 }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.011));
const whole = { low: [0, 0, 0] as Vector3, high: [10, 8, 12] as Vector3 };

/** Voxels of the turned volume read with its own lattice, as the engine has it. */
const turnedVoxel = (rotation: RotationMatrix, x: number, y: number, z: number) => rotateTrilinear({ data: image, shape }, rotation, NaN).data[x + 11 * (y + 9 * z)];

describe('a slice of a turned volume', () => {
  it.each([{ rotation: identityRotation }, { rotation: planeRotation('sagittal', 30) }, { rotation: rotationAbout([1, 2, 3], 75) }])('shows the same voxels as turning the whole volume (%#)', ({ rotation }) => {
    // An axial slice through the centre, one pixel a voxel: to the right is the patient's left, down is back.
    const grid = sliceGrid({ plane: 'axial', shape, rotation, crosshair: [5, 4, 6], width: 11, height: 9, voxelsPerPixel: 1 });
    const slice = new Float32Array(11 * 9);
    resliceImage(image, shape, grid, whole, slice);
    for (let row = 0; row < 9; row++)
      for (let column = 0; column < 11; column++) {
        const expected = turnedVoxel(rotation, 10 - column, 8 - row, 6);
        // The engine leaves out what lies beyond the outermost voxel centres.
        if (!Number.isNaN(expected)) expect(slice[column + 11 * row]).toBeCloseTo(expected, 5);
      }
  });

  it('goes through the crosshair however the head is turned', () => {
    const crosshair: Vector3 = [3, 5, 8];
    for (const plane of planes)
      for (const rotation of [planeRotation('coronal', 50), rotationAbout([3, 1, 1], 130)]) {
        const grid = sliceGrid({ plane, shape, rotation, crosshair, width: 40, height: 30, voxelsPerPixel: 0.5 });
        const [x, y] = pixelOf(crosshair, grid);
        pointAt(x, y, grid).forEach((component, axis) => expect(component).toBeCloseTo(crosshair[axis], 9));
      }
  });

  it('reads a prediction where its own pose has it: the same pixels in the turned volume', () => {
    const rotation = rotationAbout([1, 1, 1], 50);
    const grid = sliceGrid({ plane: 'sagittal', shape, rotation, crosshair: [5, 4, 6], width: 20, height: 20, voxelsPerPixel: 0.6 });
    const inTurned = turnedGrid(grid, shape, rotation);
    // In the volume turned by the same rotation the sagittal slice lies straight.
    expect(inTurned.right.map((component) => component + 0)).toEqual([expect.closeTo(0), expect.closeTo(-0.6), expect.closeTo(0)]);
    expect(inTurned.down).toEqual([expect.closeTo(0), expect.closeTo(0), expect.closeTo(-0.6)]);
  });

  it('is empty outside the box of the case', () => {
    const grid = sliceGrid({ plane: 'axial', shape, rotation: identityRotation, crosshair: [5, 4, 6], width: 11, height: 9, voxelsPerPixel: 1 });
    const slice = new Float32Array(99);
    resliceImage(image, shape, grid, caseBox(shape, [5, 9, 13]), slice);
    expect([...slice.slice(0, 11)].map(Number.isNaN)).toEqual([true, true, true, false, false, false, false, false, true, true, true]);
  });

  it('weighs labels between voxels, half at their border', () => {
    const labels = new Uint8Array(shape[0] * shape[1] * shape[2]);
    labels[5 + 11 * (4 + 9 * 6)] = 2;
    const box = labelBox(labels, shape, 2);
    expect(box).toEqual({ low: [5, 4, 6], high: [5, 4, 6] });
    expect(labelBox(labels, shape, 1)).toBeNull();
    const grid = sliceGrid({ plane: 'axial', shape, rotation: identityRotation, crosshair: [5, 4, 6], width: 5, height: 1, voxelsPerPixel: 0.5 });
    const weights = new Float32Array(5);
    resliceLabel(labels, shape, 2, grid, box, weights);
    expect([...weights]).toEqual([0, 0.5, 1, 0.5, 0]);
  });
});

describe('the picture on the screen', () => {
  it('turns in the sense the dial turns', () => {
    for (const plane of planes) {
      const step = planeRotation(plane, 90);
      const { up, right } = views[plane];
      const turned = [0, 1, 2].map((row) => step[3 * row] * up[0] + step[3 * row + 1] * up[1] + step[3 * row + 2] * up[2]);
      const sense = turnSense(plane);
      turned.forEach((component, axis) => expect(component).toBeCloseTo(sense * right[axis]));
    }
  });
  it('is never mirrored: right, up and towards the viewer are right-handed for all three', () => {
    // Axial is seen from the feet, coronal from the front, sagittal from the patient's left.
    const towardsViewer = { axial: [0, 0, -1], coronal: [0, 1, 0], sagittal: [-1, 0, 0] };
    for (const plane of planes) {
      const { right: r, up: u } = views[plane];
      expect([r[1] * u[2] - r[2] * u[1], r[2] * u[0] - r[0] * u[2], r[0] * u[1] - r[1] * u[0]].map((c) => c + 0)).toEqual(towardsViewer[plane]);
    }
  });
});
