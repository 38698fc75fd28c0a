/**
 * @file Ordinary 3-D convolution (as everywhere in deep learning, a correlation).
 *
 * y(p) = sum_d W(d)^T x(p + d), d over a cube of odd side around 0, zero padding, same size; no bias, because a norm follows.
 * Both gradients are such sums again: dx(p) = sum_d W(d) dy(p - d) and dW(d) = sum_p x(p + d) dy(p)^T.
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { checkShape, feature } from './check-shape';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, in]
 * @param weight [k, k, k, in, out] over (z, y, x), k odd
 * @param second [batch, z, y, x, channels]: further channels, read as if they stood behind those of x
 * @returns [batch, z, y, x, out]
 * @throws GyraError on other shapes
 */
export function convolution(x: Tensor5D, weight: Tensor5D, second?: Tensor5D): Tensor5D {
  const size = weight.shape[0];
  if (size % 2 === 0) throw badInput(`Convolution got a kernel of ${size} voxels.`, 'Use an odd kernel size, such as 3 or 5.');
  checkShape('Convolution', 'weight', weight, [size, size, size, 'in', 'out']);
  checkShape('Convolution', 'x', x, feature(weight.shape[3] - (second?.shape[4] ?? 0)));
  if (!second) return runOperator('Convolution', { x, weight }, {})[0] as Tensor5D;
  checkShape('ConvolutionOfTwo', 'b', second, [...x.shape.slice(0, 4), 'channels']);
  return runOperator('ConvolutionOfTwo', { a: x, b: second, weight }, {})[0] as Tensor5D;
}

defineGradient('Convolution', ['x', 'weight'], (dy, [x, weight]) => ({
  x: () => runOperator('ConvolutionBackwardInput', { dy, weight }, {})[0],
  weight: () => runOperator('ConvolutionBackwardWeight', { dy, x }, { kernelSize: weight.shape[0] })[0],
}));
defineGradient('ConvolutionOfTwo', ['a', 'b', 'weight'], (dy, [a, b, weight]) => {
  const [da, db] = runOperator('ConvolutionOfTwoBackwardInput', { dy, weight }, { channelsA: (a as Tensor5D).shape[4] });
  return { a: () => da, b: () => db, weight: () => runOperator('ConvolutionOfTwoBackwardWeight', { dy, a, b }, { kernelSize: weight.shape[0] })[0] };
});
