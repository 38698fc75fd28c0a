/** @file The one orientation everything is computed in: voxel axes to the right, to the front, upwards (RAS). Axes are exchanged and flipped, nothing is interpolated, so the way back is exact. */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import { inverseRotation } from '../math/rotation';
import { permuteVoxels } from '../math/turned-grid';
import type { Volume } from '../math/volume';
import { affineMm, geometryOf } from './nifti-geometry';
import type { Scan } from './scan';

/** What of a volume says on which grid it lies. */
export type Grid = Pick<Scan, 'shape' | 'spacingMm' | 'orientation' | 'geometry'>;

/** A volume with its axes in RAS order; itself where they are already. */
export function toRas<T extends Float32Array | Uint8Array, V extends Volume<T> & Grid>(volume: V & Volume<T>): V {
  if (volume.orientation === 'RAS') return volume;
  const grid = gridInRas(volume);
  return { ...volume, ...grid, data: permuteVoxels<T>(volume, turnToRas(volume.orientation), grid.shape)!.data };
}

/** What lies on {@link toRas} of a volume, back on the volume's own grid. */
export function fromRas<T extends Float32Array | Uint8Array>(volume: Volume<T>, { orientation, shape }: Pick<Grid, 'orientation' | 'shape'>): Volume<T> {
  return orientation === 'RAS' ? volume : permuteVoxels(volume, inverseRotation(turnToRas(orientation)), shape)!;
}

/** The grid of {@link toRas}. */
export function gridInRas({ shape, spacingMm, orientation, geometry }: Grid): Grid {
  const turn = turnToRas(orientation);
  const spacing = turned(spacingMm, turn);
  return { shape: turned(shape, turn), spacingMm: spacing, orientation: 'RAS', geometry: geometryOf(affineAfter(affineMm(geometry), shape, turn), spacing) };
}

/** Row r says which file axis runs along R, A or S, and whether towards it (1) or away (-1). */
const turnToRas = (orientation: string): RotationMatrix => ['RL', 'AP', 'SI'].flatMap(([towards, away]) => [...orientation].map((code) => (code === towards ? 1 : code === away ? -1 : 0)));

const turned = (values: readonly number[], turn: RotationMatrix): [number, number, number] => [0, 3, 6].map((row) => values[[0, 1, 2].find((axis) => turn[row + axis] !== 0)!]!) as [number, number, number];

/** Voxel to world after the turn: voxel j of the turned volume is voxel turn^-1 j of the file, counted from its other end where an axis is flipped. */
function affineAfter(affine: readonly number[], shape: Shape, turn: RotationMatrix): number[] {
  const flipped = [0, 1, 2].map((axis) => (turn[axis]! + turn[3 + axis]! + turn[6 + axis]! < 0 ? shape[axis]! - 1 : 0));
  return [0, 4, 8].flatMap((row) => {
    const along = (target: number): number => [0, 1, 2].reduce((sum, axis) => sum + affine[row + axis]! * turn[3 * target + axis]!, 0);
    return [along(0), along(1), along(2), [0, 1, 2].reduce((sum, axis) => sum + affine[row + axis]! * flipped[axis]!, affine[row + 3]!)];
  });
}
