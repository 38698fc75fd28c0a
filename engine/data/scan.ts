/** @file A volume as a file of any format holds it: its intensities, and where its voxels lie in space. */
import type { Volume } from '../math/volume';
import type { Geometry } from './nifti-geometry';

export interface Scan extends Volume<Float32Array> {
  readonly spacingMm: readonly [number, number, number];
  /** Axis codes such as RAS. */
  readonly orientation: string;
  /** Type of the voxels in the file: uint8, float32 ... */
  readonly storedType: string;
  readonly geometry: Geometry;
}
