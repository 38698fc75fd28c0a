/**
 * @file The canvas: the block of voxels in which a case is turned and segmented. Its sizes are all even, or all odd where the network asks
 * for one more than a multiple; so an axis of the other kind first gets one slice of fill at its end and the rest of the fill is the same on both sides. It is made once, upright, and turned with the image; so a right angle
 * permutes what a network sees.
 */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import type { AcceptedSizes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { isSignedPermutation } from '../math/rotation';
import { printShape, voxelCount, type Volume } from '../math/volume';

/** The smallest canvas of a case that stays upright. @param margin voxels of fill an axis, in all, that it holds at least */
export const canvasFor = (shape: Shape, sizes: AcceptedSizes, margin = 0): Shape => shape.map((size, axis) => roundUp(size + margin, sizes, axis)) as unknown as Shape;

/** The smallest canvas that holds the upright case and all its turned copies; axes that a right angle exchanges get the same size, so that it permutes the voxels of the whole canvas. */
export function canvasForPoses(shape: Shape, rotations: readonly RotationMatrix[], accepted: AcceptedSizes): Shape {
  // With the slice at the end of an axis of the other parity.
  const evened = shape.map((size) => size + ((size + accepted.remainder) % 2));
  const sizes = [0, 1, 2].map((axis) => {
    const reach = rotations.map((r) => [0, 1, 2].reduce((sum, from) => sum + Math.abs(r[3 * axis + from]) * evened[from], 0));
    return Math.max(shape[axis], ...reach.map((extent) => Math.ceil(extent - 1e-9)));
  });
  const rightAngles = rotations.filter(isSignedPermutation);
  // twice: the second pass reaches axes that are exchanged through a third
  for (const r of [...rightAngles, ...rightAngles])
    for (const axis of [0, 1, 2]) {
      const from = [0, 1, 2].find((one) => r[3 * axis + one] !== 0)!;
      sizes[axis] = sizes[from] = Math.max(sizes[axis], sizes[from]);
    }
  return canvasFor(sizes as unknown as Shape, accepted);
}

/** The volume in the middle of a canvas, `fill` around it. */
export function placeOnCanvas<T extends Float32Array | Uint8Array>(volume: Volume<T>, canvas: Shape, fill: number): Volume<T> {
  if (volume.shape.some((size, axis) => size > canvas[axis])) throw badInput(`A volume of ${printShape(volume.shape)} voxels does not fit a canvas of ${printShape(canvas)}.`, 'Choose a larger canvas.');
  const data = (volume.data instanceof Float32Array ? new Float32Array(voxelCount(canvas)) : new Uint8Array(voxelCount(canvas))) as T;
  data.fill(fill);
  forEachRow(volume.shape, canvas, (inVolume, onCanvas) => data.set(volume.data.subarray(inVolume, inVolume + volume.shape[0]), onCanvas));
  return { data, shape: canvas };
}

/** What {@link placeOnCanvas} put there, back in its own shape. */
export function takeFromCanvas<T extends Float32Array | Uint8Array>(canvas: Volume<T>, shape: Shape): Volume<T> {
  const data = (canvas.data instanceof Float32Array ? new Float32Array(voxelCount(shape)) : new Uint8Array(voxelCount(shape))) as T;
  forEachRow(shape, canvas.shape, (inVolume, onCanvas) => data.set(canvas.data.subarray(onCanvas, onCanvas + shape[0]), inVolume));
  return { data, shape };
}

/** Median of the voxels on the six faces: air for a whole head, about the mean for a crop inside tissue. */
export function borderMedian({ data, shape: [nx, ny, nz] }: Volume<Float32Array>): number {
  const isFace = (index: number, size: number): boolean => index === 0 || index === size - 1;
  const border = data.filter((_, i) => isFace(i % nx, nx) || isFace(Math.floor(i / nx) % ny, ny) || isFace(Math.floor(i / (nx * ny)), nz)).sort();
  return (border[(border.length - 1) >> 1] + border[border.length >> 1]) / 2;
}

function roundUp(size: number, { multiple, remainder }: AcceptedSizes, axis: number): number {
  const step = multiple[axis] % 2 === 0 ? multiple[axis] : 2 * multiple[axis];
  return remainder + Math.ceil((size - remainder) / step) * step;
}

function forEachRow([nx, ny, nz]: Shape, canvas: Shape, row: (inVolume: number, onCanvas: number) => void): void {
  // Rounding down puts the odd slice at the end.
  const [x0, y0, z0] = [nx, ny, nz].map((size, axis) => Math.floor((canvas[axis] - size) / 2));
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) row(nx * (y + ny * z), x0 + canvas[0] * (y + y0 + canvas[1] * (z + z0)));
}
