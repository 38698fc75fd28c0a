/** @file The shape check of the operators: a mismatch is named with both shapes before a kernel reads out of bounds. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import type { OperatorName } from './operators';

/** The shape of a feature map. */
export const feature = (channels: number) => ['batch', 'z', 'y', 'x', channels] as const;

/**
 * Throws unless a tensor has the sizes expected; an expected size in words stands for any.
 * @throws GyraError
 */
export function checkShape(operator: OperatorName, input: string, tensor: Tensor, expected: readonly (number | string)[], type: 'float32' | 'int32' = 'float32'): void {
  const fits = tensor.dtype === type && tensor.shape.length === expected.length && expected.every((size, axis) => typeof size === 'string' || size === tensor.shape[axis]);
  if (!fits) throw badInput(`${operator} got ${input} of shape [${tensor.shape.join(', ')}] and type ${tensor.dtype}.`, `Give it ${input} of shape [${expected.join(', ')}] and type ${type}.`);
}
