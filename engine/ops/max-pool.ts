/**
 * @file Max-pooling by norm, window and stride 2.
 *
 * A scalar takes the largest value of its window. A copy of higher degree takes all its components from the voxel where its norm is largest, so that pooling
 * commutes with rotation. Where norms are equal (`poolingTie`) it takes the mean of these voxels, and they share the gradient: e3nn_Unet takes the first in
 * x, y, z order, which a rotation changes; along the edges of a canvas mirror images of equal norm are common. Equal scalars: the first gets the gradient.
 * Source: Diaz, Geiger and McKinley, MELBA 2024:010, section 2; e3nn_Unet `DynamicPool3d('maxpool3d')`.
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { dimension } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irreps)], spatial sizes even
 * @returns [batch, z / 2, y / 2, x / 2, dimension(irreps)]
 * @throws GyraError on other shapes
 */
export function maxPool(x: Tensor5D, attributes: Operators['MaxPool']['attributes']): Tensor5D {
  checkShape('MaxPool', 'x', x, feature(dimension(attributes.irreps)));
  if (x.shape.slice(1, 4).some((size) => size % 2 !== 0)) throw badInput(`MaxPool got a volume of [${x.shape.slice(1, 4).join(', ')}] voxels.`, 'Pad every axis to a multiple of 2 for each pooling of the network.');
  return runOperator('MaxPool', { x }, attributes)[0] as Tensor5D;
}

defineGradient('MaxPool', ['x'], (dy, [x], attributes) => ({ x: () => runOperator('MaxPoolBackward', { dy, x }, attributes)[0] }));
