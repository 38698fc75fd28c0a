/**
 * @file Max-pooling by norm, windows side by side.
 *
 * An even scalar takes the largest value of its window. Every other copy takes all its components from the voxel where its norm is largest (an odd scalar where
 * its absolute value is), so that pooling commutes with rotations and reflections. Where norms are equal (`poolingTie`) it takes the mean of these voxels, and
 * they share the gradient: e3nn_Unet takes the first in x, y, z order, which a rotation changes; along the edges of a canvas mirror images of equal norm are
 * common. Equal even scalars: the first gets the gradient.
 * Source: Diaz, Geiger and McKinley, MELBA 2024:010, section 2; e3nn_Unet `DynamicPool3d('maxpool3d')`, which pools odd scalars by signed value.
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { dimension } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { PoolAttributes } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irreps)], spatial sizes multiples of the window's
 * @returns [batch, z / extent z, y / extent y, x / extent x, dimension(irreps)]
 * @throws GyraError on other shapes
 */
export function maxPool(x: Tensor5D, attributes: PoolAttributes): Tensor5D {
  const [extentX, extentY, extentZ] = attributes.extent;
  checkShape('MaxPool', 'x', x, feature(dimension(attributes.irreps)));
  if ([extentZ, extentY, extentX].some((extent, axis) => x.shape[axis + 1]! % extent !== 0)) throw badInput(`MaxPool got a volume of [${x.shape.slice(1, 4).join(', ')}] voxels.`, `Pad every axis to a multiple of what the poolings join: here ${extentX} x ${extentY} x ${extentZ}.`);
  return runOperator('MaxPool', { x }, attributes)[0] as Tensor5D;
}

defineGradient('MaxPool', ['x'], (dy, [x], attributes) => ({ x: () => runOperator('MaxPoolBackward', { dy, x }, attributes)[0] }));
