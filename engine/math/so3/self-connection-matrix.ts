/** @file The dense matrix that a self-connection stands for. */
import { channelStarts, dimension } from './irreps';
import type { Irreps } from './irreps';
import { selfPathsOf } from './steerable-paths';

/**
 * y = x M for the channels of one voxel. Source: e3nn `Linear`.
 * @param weight [weights of `selfPathsOf`]
 * @returns [channel in, channel out], row-major
 */
export function selfConnectionMatrix(irrepsIn: Irreps, irrepsOut: Irreps, weight: ArrayLike<number>): Float64Array {
  const [startsIn, startsOut, width] = [channelStarts(irrepsIn), channelStarts(irrepsOut), dimension(irrepsOut)];
  const matrix = new Float64Array(dimension(irrepsIn) * width);
  for (const { entryIn, entryOut, offset, multiplicityIn, multiplicityOut, coefficient } of selfPathsOf(irrepsIn, irrepsOut)) {
    const size = 2 * irrepsIn[entryIn].degree + 1;
    for (let u = 0; u < multiplicityIn; u++)
      for (let w = 0; w < multiplicityOut; w++)
        for (let k = 0; k < size; k++) matrix[(startsIn[entryIn] + u * size + k) * width + startsOut[entryOut] + w * size + k] += coefficient * weight[offset + u * multiplicityOut + w];
  }
  return matrix;
}
