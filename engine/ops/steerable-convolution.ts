/**
 * @file Steerable convolution with self-connection.
 *
 * y(p) = sum_d K(d) x(p + d) + S x(p), zero padding, same size. K is assembled from learned radial weights and fixed angular parts (`steerableKernel` in
 * math/so3 has the formula), so that turning the input turns the output. The gradients are the adjoints: dx(p) = sum_d K(d)^T dy(p - d) + S^T dy(p), and
 * dK(d) = sum_p x(p + d) dy(p)^T carried back to the weights.
 * Source: Diaz, Geiger and McKinley, MELBA 2024:010, section 2; e3nn_Unet `Convolution`.
 */
import type { Tensor1D, Tensor2D, Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { dimension, printIrreps } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { checkShape, feature } from './check-shape';
import type { SteerableConvolutionAttributes } from './operators';
import { defineGradient, isWanted, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irrepsIn)]
 * @param weight [radialFunctions, weights of `pathsOf`]
 * @param self [weights of `selfPathsOf`]
 * @param second [batch, z, y, x, channels]: further entries of irrepsIn, read as if they stood behind those of x
 * @returns [batch, z, y, x, dimension(irrepsOut)]
 * @throws GyraError on other shapes
 */
export function steerableConvolution(x: Tensor5D, weight: Tensor2D, self: Tensor1D, attributes: SteerableConvolutionAttributes, second?: Tensor5D): Tensor5D {
  const { irrepsIn, irrepsOut, harmonics, lattice } = attributes;
  checkShape('SteerableConvolution', 'x', x, feature(dimension(irrepsIn) - (second?.shape[4] ?? 0)));
  checkShape('SteerableConvolution', 'weight', weight, [lattice.radialFunctions, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))]);
  checkShape('SteerableConvolution', 'self', self, [weightsOf(selfPathsOf(irrepsIn, irrepsOut))]);
  if (!second) return runOperator('SteerableConvolution', { x, weight, self }, attributes)[0] as Tensor5D;
  checkShape('SteerableConvolutionOfTwo', 'b', second, [...x.shape.slice(0, 4), 'channels']);
  if (!irrepsIn.some((_, n) => dimension(irrepsIn.slice(0, n)) === x.shape[4])) throw badInput(`A steerable convolution of two tensors got ${x.shape[4]} channels first, where no entry of ${printIrreps(irrepsIn)} begins.`, 'Give whole entries of the irreps with each tensor.');
  return runOperator('SteerableConvolutionOfTwo', { a: x, b: second, weight, self }, attributes)[0] as Tensor5D;
}

defineGradient('SteerableConvolution', ['x', 'weight', 'self'], (dy, [x, weight, self], attributes) => {
  if (!isWanted('x')) {
    const [dweight, dself] = runOperator('SteerableConvolutionBackwardWeight', { dy, x }, attributes);
    return { weight: () => dweight, self: () => dself };
  }
  const [dx, dweight, dself] = runOperator('SteerableConvolutionBackward', { dy, x, weight, self }, attributes);
  return { x: () => dx, weight: () => dweight, self: () => dself };
});
defineGradient('SteerableConvolutionOfTwo', ['a', 'b', 'weight', 'self'], (dy, [a, b, weight, self], attributes) => {
  const [da, db, dweight, dself] = runOperator('SteerableConvolutionOfTwoBackward', { dy, a, b, weight, self }, attributes);
  return { a: () => da, b: () => db, weight: () => dweight, self: () => dself };
});
