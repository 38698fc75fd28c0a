/**
 * @file The largest value over the elements of a group: what a group network ends with.
 *
 * y_c(p) = max_g x_gc(p). A rotation of the group only permutes the elements, so y turns as an image does. The gradient goes to the element it came from, the first of equal ones.
 * Source: Cohen and Welling, arXiv:1602.07576, section 6.3 (pooling over the group).
 */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { checkShape, feature } from './check-shape';
import type { Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param x [batch, z, y, x, order * channels], the channels of one element beside each other
 * @returns [batch, z, y, x, channels]
 * @throws GyraError on another rank, or channels that `order` does not divide
 */
export function groupMaximum(x: Tensor5D, attributes: Operators['GroupMaximum']['attributes']): Tensor5D {
  checkShape('GroupMaximum', 'x', x, feature(x.shape[4]));
  if (x.shape[4] % attributes.order !== 0) throw badInput(`GroupMaximum got ${x.shape[4]} channels for a group of ${attributes.order} elements.`, 'Give every element the same number of channels.');
  return runOperator('GroupMaximum', { x }, attributes)[0] as Tensor5D;
}

defineGradient('GroupMaximum', ['x'], (dy, [x], attributes) => ({ x: () => runOperator('GroupMaximumBackward', { dy, x }, attributes)[0] }));
