/**
 * @file Depthwise 3-D convolution: each channel by a kernel of its own (as everywhere in deep learning, a correlation).
 *
 * y_c(p) = sum_d w_c(d) x_c(p + d), d over a cube of odd side around 0, zero padding, same size; no bias, because a norm follows.
 * Both gradients are such sums again: dx_c(p) = sum_d w_c(d) dy_c(p - d) and dw_c(d) = sum_p x_c(p + d) dy_c(p).
 * Source: Chollet, arXiv:1610.02357; as the spatial half of a separable group convolution Knigge, Romero and Bekkers, ICML 2022 (arXiv:2110.13059).
 */
import type { Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { checkShape, feature } from './check-shape';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, channel]
 * @param weight [k, k, k, channel] over (z, y, x), k odd
 * @returns as x
 * @throws GyraError on other shapes
 */
export function depthwiseConvolution(x: Tensor5D, weight: Tensor4D): Tensor5D {
  const size = weight.shape[0];
  if (size % 2 === 0) throw badInput(`DepthwiseConvolution got a kernel of ${size} voxels.`, 'Use an odd kernel size, such as 3 or 5.');
  checkShape('DepthwiseConvolution', 'weight', weight, [size, size, size, 'channels']);
  checkShape('DepthwiseConvolution', 'x', x, feature(weight.shape[3]));
  return runOperator('DepthwiseConvolution', { x, weight }, {})[0] as Tensor5D;
}

defineGradient('DepthwiseConvolution', ['x', 'weight'], (dy, [x, weight]) => ({
  x: () => runOperator('DepthwiseConvolutionBackwardInput', { dy, weight }, {})[0],
  weight: () => runOperator('DepthwiseConvolutionBackwardWeight', { dy, x }, { kernelSize: weight.shape[0] })[0],
}));
