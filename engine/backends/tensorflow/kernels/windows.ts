/** @file A volume cut into the voxels of its pooling windows, and put together again. */
import { reshape, stack, stridedSlice, type Tensor } from '@tensorflow/tfjs-core';

/** Of sizes [z, y, x]. */
export type WindowExtent = readonly [z: number, y: number, x: number];

/** One tensor [batch, z, y, x, channel] of the pooled size for each voxel of a window, in x, y, z order, z fastest. */
export function windowVoxels(field: Tensor, extent: WindowExtent): Tensor[] {
  const [batch, depth, height, width, channels] = field.shape as [number, number, number, number, number];
  const [whole, strides] = [[depth, height, width].map((size, axis) => size - (size % extent[axis]!)), [1, ...extent, 1]];
  return inOrder(extent).map(({ z, y, x }) => stridedSlice(field, [0, z, y, x, 0], [batch, ...whole, channels], strides));
}

/** The inverse of {@link windowVoxels}. */
export function fromWindowVoxels(voxels: readonly Tensor[], extent: WindowExtent): Tensor {
  const [depth, height, width] = extent;
  const at = (z: number, y: number, x: number): Tensor => voxels[(x * height + y) * depth + z]!;
  const each = <T>(count: number, value: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => value(n));
  return interleave(each(depth, (z) => interleave(each(height, (y) => interleave(each(width, (x) => at(z, y, x)), 3)), 2)), 1);
}

/** Takes from each tensor in turn along an axis. */
function interleave(tensors: Tensor[], axis: number): Tensor {
  const { shape } = tensors[0]!;
  return reshape(stack(tensors, axis + 1), shape.map((size, n) => (n === axis ? size * tensors.length : size)));
}

function inOrder([depth, height, width]: WindowExtent): { z: number; y: number; x: number }[] {
  const all: { z: number; y: number; x: number }[] = [];
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) for (let z = 0; z < depth; z++) all.push({ z, y, x });
  return all;
}
