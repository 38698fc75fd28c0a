/**
 * @file Trilinear upsampling to twice the size with aligned corners.
 *
 * Output o of an axis of n voxels reads position o (n - 1) / (2n - 1), interpolated between its two neighbours; a single voxel is repeated. Linear, and the same
 * for every channel, so it commutes with rotation; the gradient is the transpose. Source: PyTorch `Upsample(mode='trilinear', align_corners=True)`.
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { checkShape, feature } from './check-shape';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, channel]
 * @returns [batch, 2z, 2y, 2x, channel]
 * @throws GyraError on another rank
 */
export function upsampleTrilinear(x: Tensor5D): Tensor5D {
  checkShape('UpsampleTrilinear', 'x', x, feature(x.shape[4]));
  return runOperator('UpsampleTrilinear', { x }, {})[0] as Tensor5D;
}

defineGradient('UpsampleTrilinear', [], (dy) => ({ x: () => runOperator('UpsampleTrilinearBackward', { dy }, {})[0] }));
