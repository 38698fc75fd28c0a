/** @file A block of voxels and its shape. */
import type { Shape } from '../contract/engine-api';

/** Data is x fastest: index = x + nx (y + ny z). */
export interface Volume<T extends Float32Array | Uint8Array = Float32Array> {
  readonly data: T;
  readonly shape: Shape;
}

/** Several contrasts of the same shape as the channels of one image, channels fastest. */
export function channelsLast(contrasts: readonly Float32Array[]): Float32Array {
  if (contrasts.length === 1) return contrasts[0]!;
  const data = new Float32Array(contrasts.length * contrasts[0]!.length);
  contrasts.forEach((contrast, channel) => contrast.forEach((value, voxel) => (data[voxel * contrasts.length + channel] = value)));
  return data;
}

export const voxelCount = (shape: Shape): number => shape[0] * shape[1] * shape[2];
export const sameShape = (a: Shape, b: Shape): boolean => a[0] === b[0] && a[1] === b[1] && a[2] === b[2];
/** Shape as text: 36x50x31. */
export const printShape = (shape: readonly number[]): string => shape.join('x');
