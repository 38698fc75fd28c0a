/** @file NIfTI files made up for tests. */
import type { Shape } from '../../engine/contract/engine-api';
import { writeVolume } from '../../engine/data/nifti';
import type { Geometry } from '../../engine/data/nifti-geometry';
import { voxelCount } from '../../engine/math/volume';

/** Voxels of 1 mm in RAS order, both transforms set. */
export const plainGeometry: Geometry = { pixdim: [1, 1, 1, 1], unitsCode: 2, qformCode: 1, quaternion: [0, 0, 0], qoffset: [-3, 4, 5], sformCode: 1, sform: [1, 0, 0, -3, 0, 1, 0, 4, 0, 0, 1, 5] };

/** Intensities that differ from voxel to voxel. */
export const ramp = (shape: Shape): Float32Array => Float32Array.from({ length: voxelCount(shape) }, (_, i) => (i * 7) % 101);

export const imageFile = (shape: Shape, geometry = plainGeometry): Uint8Array => writeVolume({ data: ramp(shape), shape }, geometry, 'image.nii.gz');

/** Labels 0, 1 and 2 in turn unless `value` says otherwise. */
export const labelFile = (shape: Shape, value: (index: number) => number = (index) => index % 3, geometry = plainGeometry): Uint8Array =>
  writeVolume({ data: Uint8Array.from({ length: voxelCount(shape) }, (_, i) => value(i)), shape }, geometry, 'label.nii.gz');
