/**
 * @file Equivariant instance norm. With scalars only it is the ordinary one (Ulyanov et al., arXiv:1607.08022).
 *
 * For each batch item and copy: scalars (0e) lose their mean over voxels; then y = weight x / sqrt(q + epsilon), plus bias for scalars, where q is the mean of
 * the squares over voxels and components. All components of a copy share one factor, so it commutes with rotation.
 * With c the centred input, s = 1 / sqrt(q + epsilon) and n elements: dc = weight (s dy - s^3 c <dy, c> / n), and scalars lose the mean of dc.
 * Source: e3nn `BatchNorm(instance=True, normalization='component', reduce='mean', affine=True)`.
 */
import type { Tensor1D, Tensor5D } from '@tensorflow/tfjs-core';
import { copies, dimension, scalarCopies } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { NormAttributes } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irreps)]
 * @param weight [copies(irreps)]
 * @param bias [scalarCopies(irreps)]
 * @returns as x
 * @throws GyraError on other shapes
 */
export function instanceNorm(x: Tensor5D, weight: Tensor1D, bias: Tensor1D, attributes: NormAttributes): Tensor5D {
  checkShape('InstanceNorm', 'x', x, feature(dimension(attributes.irreps)));
  checkShape('InstanceNorm', 'weight', weight, [copies(attributes.irreps)]);
  checkShape('InstanceNorm', 'bias', bias, [scalarCopies(attributes.irreps)]);
  return runOperator('InstanceNorm', { x, weight, bias }, attributes)[0] as Tensor5D;
}

defineGradient('InstanceNorm', ['x', 'weight'], (dy, [x, weight], attributes) => {
  const [dx, dweight, dbias] = runOperator('InstanceNormBackward', { dy, x, weight }, attributes);
  return { x: () => dx, weight: () => dweight, bias: () => dbias };
});
