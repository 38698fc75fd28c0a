/** @file Linear interpolation of a turned volume, voxel by voxel as its formula says: out(p) = in(R^-1 (p - c) + c), both canvases about their centres. */
import type { RotationMatrix, Shape } from '../../engine/contract/engine-api';
import { inverseRotation, rotateVector, type Vector3 } from '../../engine/math/rotation';
import { voxelCount, type Volume } from '../../engine/math/volume';

/** Coordinates leave the lattice by rounding alone. */
const rounding = 1e-9;

export function rotateTrilinear({ data, shape: source }: Volume<Float32Array>, rotation: RotationMatrix, fill: number, shape: Shape = source): Volume<Float32Array> {
  const turned = new Float32Array(voxelCount(shape)).fill(fill);
  const back = inverseRotation(rotation);
  for (let z = 0, to = 0; z < shape[2]; z++) for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[0]; x++, to++) {
    const fromCentre = [x, y, z].map((at, axis) => at - (shape[axis] - 1) / 2) as unknown as Vector3;
    const from = rotateVector(back, fromCentre).map((at, axis) => at + (source[axis] - 1) / 2);
    if (from.some((at, axis) => at < -rounding || at > source[axis] - 1 + rounding)) continue;
    turned[to] = 0;
    for (let corner = 0; corner < 8; corner++) {
      const lowest = from.map(Math.trunc);
      const [cx, cy, cz] = lowest.map((at, axis) => Math.min(at + ((corner >> axis) & 1), source[axis] - 1));
      const weight = from.reduce((product, at, axis) => product * ((corner >> axis) & 1 ? at - lowest[axis] : 1 - (at - lowest[axis])), 1);
      turned[to] += weight * data[cx + source[0] * (cy + source[1] * cz)];
    }
  }
  return { data: turned, shape };
}
