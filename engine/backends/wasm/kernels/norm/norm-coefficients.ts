/** @file What an instance norm and its gradient multiply and add, channel by channel: from sums over voxels, in float64. Formulas: `ops/instance-norm.ts`. */
import type { NormSize } from '../../../../ops/operators';
import type { ChannelSums } from './channel-sums';
import type { CopyLayout } from './copy-layout';

interface Norm {
  readonly layout: CopyLayout;
  readonly mean: Float64Array;
  /** The squared size of each copy. */
  readonly squares: Float64Array;
  readonly weights: ArrayLike<number>;
  readonly epsilon: number;
}

/** [mean, scale, shift]: y = (x - mean) scale + shift. */
export function normCoefficients({ layout: { channels, channelCopies }, mean, squares, weights, epsilon }: Norm, biases: ArrayLike<number>): [Float64Array, Float64Array, Float64Array] {
  const [scale, shift] = [new Float64Array(channels), new Float64Array(channels)];
  for (const { start, size, copy, scalar } of channelCopies) {
    scale.fill(weights[copy]! / Math.sqrt(squares[copy]! + epsilon), start, start + size);
    if (scalar !== undefined) shift[start] = biases[scalar]!;
  }
  return [mean, scale, shift];
}

/**
 * [ofX, meanGradient, ofGradient]: dx = (x' - mean) ofX + (dy - meanGradient) ofGradient; by mean norm x' is x with each copy divided by its norm, otherwise x.
 * Adds the gradients of weight and bias to `into`.
 */
export function gradientCoefficients({ layout: { voxels, channels, channelCopies }, squares, weights, epsilon }: Norm, { gradients, products }: Pick<ChannelSums, 'gradients' | 'products'>, by: NormSize | undefined, into: { readonly weight: Float64Array; readonly bias: Float64Array }): [Float64Array, Float64Array, Float64Array] {
  const [ofX, meanGradient, ofGradient] = [new Float64Array(channels), new Float64Array(channels), new Float64Array(channels)];
  for (const { start, size, copy, scalar } of channelCopies) {
    const s = 1 / Math.sqrt(squares[copy]! + epsilon);
    const product = products.subarray(start, start + size).reduce((sum, value) => sum + value, 0);
    into.weight[copy] += product * s;
    ofGradient.fill(weights[copy]! * s, start, start + size);
    const slope = by === 'mean-norm' && scalar === undefined ? Math.sqrt(squares[copy]!) / voxels : 1 / (voxels * size);
    ofX.fill(-weights[copy]! * s ** 3 * product * slope, start, start + size);
    if (scalar === undefined) continue;
    meanGradient[start] = gradients[start]! / voxels;
    into.bias[scalar] += gradients[start]!;
  }
  return [ofX, meanGradient, ofGradient];
}
