/** @file The channels of one tensor, then those of another: a skip connection. */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { checkShape, feature } from './check-shape';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param a [batch, z, y, x, channelsA]
 * @param b [batch, z, y, x, channelsB]
 * @returns [batch, z, y, x, channelsA + channelsB]
 * @throws GyraError where the two have other voxels
 */
export function concatChannels(a: Tensor5D, b: Tensor5D): Tensor5D {
  checkShape('ConcatChannels', 'a', a, feature(a.shape[4]));
  checkShape('ConcatChannels', 'b', b, [...a.shape.slice(0, 4), 'channels']);
  return runOperator('ConcatChannels', { a, b }, {})[0] as Tensor5D;
}

// b is saved rather than a: in a U-Net it is the skip, which max-pooling keeps anyway.
defineGradient('ConcatChannels', ['b'], (dy, [b]) => {
  const [da, db] = runOperator('ConcatChannelsBackward', { dy }, { channelsA: (dy as Tensor5D).shape[4] - (b as Tensor5D).shape[4] });
  return { a: () => da, b: () => db };
});
