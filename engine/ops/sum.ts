/** @file The sum of two tensors, as an operator that can be recorded; tfjs's own serves the tape. */
import type { Tensor5D } from '@tensorflow/tfjs-core';
import { checkShape } from './check-shape';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param a [batch, z, y, x, channels]
 * @param b as a
 * @throws GyraError on other shapes
 */
export function sum(a: Tensor5D, b: Tensor5D): Tensor5D {
  checkShape('Sum', 'b', b, a.shape);
  return runOperator('Sum', { a, b }, {})[0] as Tensor5D;
}

defineGradient('Sum', [], (dy) => ({ a: () => dy, b: () => dy }));
