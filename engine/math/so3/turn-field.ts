/** @file A field of irreps under any rotation: voxels move, components turn. */
import type { RotationMatrix } from '../../contract/engine-api';
import { SplineVolume } from '../spline-volume';
import { permuteVoxels } from '../turned-grid';
import { voxelCount, type Volume } from '../volume';
import { copiesOf, dimension, type Irreps } from './irreps';
import { wignerD } from './wigner-d';

/**
 * (R f)(R p) = D(R) f(p) about the centre: right angles of a cube move voxels exactly, others interpolate each channel by cubic spline, zero outside.
 * @param field channels fastest, then x, y, z
 */
export function turnField(field: Float32Array, shape: Volume['shape'], irreps: Irreps, rotation: RotationMatrix): Float32Array {
  const [channels, voxels] = [dimension(irreps), voxelCount(shape)];
  const moved = new Float32Array(field.length);
  for (let c = 0; c < channels; c++) {
    const channel = new Float32Array(voxels);
    for (let v = 0; v < voxels; v++) channel[v] = field[v * channels + c]!;
    const volume = { data: channel, shape };
    // a spline is made only where something lies between voxels
    const { data } = permuteVoxels(volume, rotation, shape) ?? new SplineVolume(volume).rotate(rotation, 0);
    for (let v = 0; v < voxels; v++) moved[v * channels + c] = data[v]!;
  }
  return turnComponents(moved, irreps, rotation);
}

/** D(R) of every copy, voxel by voxel. */
export function turnComponents(field: Float32Array, irreps: Irreps, rotation: RotationMatrix): Float32Array {
  const channels = dimension(irreps);
  const turned = field.slice();
  const matrices = new Map(irreps.map(({ degree }) => [degree, wignerD(degree, rotation)]));
  for (const { start, degree } of copiesOf(irreps)) {
    if (degree === 0) continue;
    const [size, d] = [2 * degree + 1, matrices.get(degree)!];
    for (let at = start; at < field.length; at += channels)
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += d[i * size + k]! * field[at + k]!;
        turned[at + i] = sum;
      }
  }
  return turned;
}
