/** @file Where each voxel of a turned canvas reads: in(R^-1 (p - c) + c), both canvases about their centres. */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import { isSignedPermutation } from './rotation';
import { sameShape, voxelCount, type Volume } from './volume';

/** Coordinates may leave the lattice by rounding alone; such a voxel still belongs to it. */
const rounding = 1e-9;

/** A block of the voxels of a canvas: its lowest voxel and its size. */
export interface Block {
  readonly start: Shape;
  readonly size: Shape;
}
export const wholeBlock = (shape: Shape): Block => ({ start: [0, 0, 0], size: shape });

/**
 * Calls `row` once for each row of the turned canvas, or of a block of it, with the index of its first voxel and the source coordinates it reads, in voxels.
 * The next voxel of the row reads (rotation[0], rotation[1], rotation[2]) further on.
 */
export function forEachRow(rotation: RotationMatrix, source: Shape, target: Shape, row: (start: number, x: number, y: number, z: number) => void, { start: [x0, y0, z0], size: [bx, by, bz] }: Block = wholeBlock(target)): void {
  const [nx, ny, nz] = target;
  const [a, b, c, d, e, f, g, h, i] = rotation;
  const dx = x0 - (nx - 1) / 2;
  for (let z = 0; z < bz; z++)
    for (let y = 0; y < by; y++) {
      const dy = y + y0 - (ny - 1) / 2;
      const dz = z + z0 - (nz - 1) / 2;
      row(bx * (y + by * z), a * dx + d * dy + g * dz + (source[0] - 1) / 2, b * dx + e * dy + h * dz + (source[1] - 1) / 2, c * dx + f * dy + i * dz + (source[2] - 1) / 2);
    }
}

export const isOutside = (x: number, y: number, z: number, [nx, ny, nz]: Shape): boolean =>
  x < -rounding || y < -rounding || z < -rounding || x > nx - 1 + rounding || y > ny - 1 + rounding || z > nz - 1 + rounding;

/** Voxels moved without interpolation; null where the rotation is no right angle or the turned source does not fill the target exactly. */
export function permuteVoxels<T extends Float32Array | Uint8Array>({ data, shape }: Volume<T>, rotation: RotationMatrix, target: Shape): Volume<T> | null {
  const turned = [0, 3, 6].map((row) => [0, 1, 2].reduce((sum, axis) => sum + Math.abs(rotation[row + axis]) * shape[axis], 0)) as unknown as Shape;
  if (!isSignedPermutation(rotation) || !sameShape(turned, target)) return null;
  const strides = [1, shape[0], shape[0] * shape[1]];
  const step = rotation[0] * strides[0] + rotation[1] * strides[1] + rotation[2] * strides[2];
  const moved = (data instanceof Float32Array ? new Float32Array(voxelCount(target)) : new Uint8Array(voxelCount(target))) as T;
  forEachRow(rotation, shape, target, (start, x, y, z) => {
    let from = Math.round(x) + Math.round(y) * strides[1] + Math.round(z) * strides[2];
    for (let to = start; to < start + target[0]; to++, from += step) moved[to] = data[from];
  });
  return { data: moved, shape: target };
}
