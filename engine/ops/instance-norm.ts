/**
 * @file Equivariant instance norm. With scalars only it is the ordinary one (Ulyanov et al., arXiv:1607.08022).
 *
 * For each batch item and copy: even scalars lose their mean over voxels; then y = weight x / sqrt(q + epsilon), plus bias for even scalars. By root mean square, q
 * is the mean of the squares over voxels and components; by mean norm, it is the square of the mean over voxels of the copy's norm (even scalars by root mean
 * square all the same). All components of a copy share one factor, so it commutes with rotation; what is zero stays zero.
 * With c the centred input, s = 1 / sqrt(q + epsilon) and n elements: dc = weight (s dy - s^3 <dy, c> q'), and scalars lose the mean of dc; q' = c / n, or by mean
 * norm sqrt(q) c / (|c| voxels), |c| the norm of the copy at the voxel.
 * Source: e3nn `BatchNorm(instance=True, normalization='component', reduce='mean', affine=True)`; by mean norm: MELBA 2024:010, section 2.3.
 */
import { reshape, type Tensor1D, type Tensor2D, type Tensor5D } from '@tensorflow/tfjs-core';
import { copies, dimension, scalarCopies } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { NormAttributes, Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, elements * dimension(irreps)]
 * @param weight [copies(irreps)]
 * @param bias [scalarCopies(irreps)]
 * @returns as x
 * @throws GyraError on other shapes
 */
export function instanceNorm(x: Tensor5D, weight: Tensor1D, bias: Tensor1D, attributes: NormAttributes): Tensor5D {
  checkShape('InstanceNorm', 'x', x, feature((attributes.elements ?? 1) * dimension(attributes.irreps)));
  checkShape('InstanceNorm', 'weight', weight, [copies(attributes.irreps)]);
  checkShape('InstanceNorm', 'bias', bias, [scalarCopies(attributes.irreps)]);
  return runOperator('InstanceNorm', { x, weight, bias }, attributes)[0] as Tensor5D;
}

/** A batch as one item, whose voxels are those of all: an instance norm of it is a batch norm. */
export const asOneItem = (x: Tensor5D): Tensor5D => reshape(x, [1, x.shape[0] * x.shape[1], x.shape[2], x.shape[3], x.shape[4]]);

/**
 * What the instance norm divides by and takes off; it has no gradient.
 * @returns the means of the even scalars [batch, scalarCopies(irreps)] and q of each copy [batch, copies(irreps)]
 */
export function normStatistics(x: Tensor5D, attributes: Operators['NormStatistics']['attributes']): { mean: Tensor2D; square: Tensor2D } {
  checkShape('NormStatistics', 'x', x, feature(dimension(attributes.irreps)));
  const [mean, square] = runOperator('NormStatistics', { x }, attributes);
  return { mean: mean as Tensor2D, square: square as Tensor2D };
}

defineGradient('InstanceNorm', ['x', 'weight'], (dy, [x, weight], attributes) => {
  const [dx, dweight, dbias] = runOperator('InstanceNormBackward', { dy, x, weight }, attributes);
  return { x: () => dx, weight: () => dweight, bias: () => dbias };
});
