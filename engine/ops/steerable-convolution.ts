/**
 * @file Steerable convolution with self-connection.
 *
 * y(p) = sum_d K(d) x(p + d) + S x(p), zero padding, same size. K is assembled from learned radial weights and fixed angular parts (`steerableKernel` in
 * math/so3 has the formula), so that turning the input turns the output. The gradients are the adjoints: dx(p) = sum_d K(d)^T dy(p - d) + S^T dy(p), and
 * dK(d) = sum_p x(p + d) dy(p)^T carried back to the weights.
 * Source: Diaz, Geiger and McKinley, MELBA 2024:010, section 2; e3nn_Unet `Convolution`.
 */
import type { Tensor1D, Tensor2D, Tensor5D } from '@tensorflow/tfjs-core';
import { dimension } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { checkShape, feature } from './check-shape';
import type { SteerableConvolutionAttributes } from './operators';
import { defineGradient, isWanted, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irrepsIn)]
 * @param weight [radialFunctions, weights of `pathsOf`]
 * @param self [weights of `selfPathsOf`]
 * @returns [batch, z, y, x, dimension(irrepsOut)]
 * @throws GyraError on other shapes
 */
export function steerableConvolution(x: Tensor5D, weight: Tensor2D, self: Tensor1D, attributes: SteerableConvolutionAttributes): Tensor5D {
  const { irrepsIn, irrepsOut, harmonics, lattice } = attributes;
  checkShape('SteerableConvolution', 'x', x, feature(dimension(irrepsIn)));
  checkShape('SteerableConvolution', 'weight', weight, [lattice.radialFunctions, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))]);
  checkShape('SteerableConvolution', 'self', self, [weightsOf(selfPathsOf(irrepsIn, irrepsOut))]);
  return runOperator('SteerableConvolution', { x, weight, self }, attributes)[0] as Tensor5D;
}

defineGradient('SteerableConvolution', ['x', 'weight', 'self'], (dy, [x, weight, self], attributes) => {
  if (!isWanted('x')) {
    const [dweight, dself] = runOperator('SteerableConvolutionBackwardWeight', { dy, x }, attributes);
    return { weight: () => dweight, self: () => dself };
  }
  const [dx, dweight, dself] = runOperator('SteerableConvolutionBackward', { dy, x, weight, self }, attributes);
  return { x: () => dx, weight: () => dweight, self: () => dself };
});
