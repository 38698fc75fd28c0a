/** @file The label of each voxel: the channel with the largest value; the first wins a tie. It has no gradient. */
import type { Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { checkShape, feature } from './check-shape';
import { runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, channel]
 * @returns [batch, z, y, x] int32
 * @throws GyraError on another rank
 */
export function argMaxChannels(x: Tensor5D): Tensor4D {
  checkShape('ArgMaxChannels', 'x', x, feature(x.shape[4]));
  return runOperator('ArgMaxChannels', { x }, {})[0] as Tensor4D;
}
