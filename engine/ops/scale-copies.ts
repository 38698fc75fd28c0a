/**
 * @file One factor for each copy of each batch item, and a shift of the even scalars: all components of a copy share their factor, so it commutes with rotation.
 * Dropout by irrep and batch norm in evaluation are this operator.
 */
import type { Tensor1D, Tensor2D, Tensor5D } from '@tensorflow/tfjs-core';
import { zeros } from '@tensorflow/tfjs-core';
import { copies, dimension, scalarCopies } from '../math/so3/irreps';
import { checkShape, feature } from './check-shape';
import type { Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, dimension(irreps)]
 * @param scale [batch, copies(irreps)]
 * @param shift [scalarCopies(irreps)]
 * @returns as x
 * @throws GyraError on other shapes
 */
export function scaleCopies(x: Tensor5D, scale: Tensor2D, shift: Tensor1D, attributes: Operators['ScaleCopies']['attributes']): Tensor5D {
  const { irreps } = attributes;
  checkShape('ScaleCopies', 'x', x, feature(dimension(irreps)));
  checkShape('ScaleCopies', 'scale', scale, [x.shape[0], copies(irreps)]);
  checkShape('ScaleCopies', 'shift', shift, [scalarCopies(irreps)]);
  return runOperator('ScaleCopies', { x, scale, shift }, attributes)[0] as Tensor5D;
}

defineGradient('ScaleCopies', ['x', 'scale'], (dy, [x, scale], attributes) => {
  // x needs no pass over both; it is made only when a factor's or a shift's gradient is asked for, which dropout never does
  const ofParameters = (output: 0 | 1) => () => runOperator('ScaleCopiesBackward', { dy, x }, attributes)[output];
  return {
    x: () => runOperator('ScaleCopies', { x: dy, scale, shift: zeros([scalarCopies(attributes.irreps)]) }, attributes)[0],
    scale: ofParameters(0),
    shift: ofParameters(1),
  };
});
