/**
 * @file One step of Adam, in place.
 *
 * mean = beta1 mean + (1 - beta1) g; square = beta2 square + (1 - beta2) g^2;
 * value -= learningRate (mean / (1 - beta1^step)) / (sqrt(square / (1 - beta2^step)) + epsilon).
 * Source: Kingma and Ba, arXiv:1412.6980, algorithm 1, as in PyTorch (epsilon outside the root).
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import { checkShape } from './check-shape';
import type { AdamAttributes } from './operators';
import { runOperator } from './run-operator';

/**
 * Overwrites value, mean and square, which all have the shape of the gradient; mean and square start as zeros, steps count from 1.
 * @throws GyraError on other shapes or step 0
 */
export function adamStep(value: Tensor, gradient: Tensor, mean: Tensor, square: Tensor, attributes: AdamAttributes): void {
  if (attributes.step < 1) throw badInput(`AdamStep got step ${attributes.step}.`, 'Count steps from 1.');
  for (const [name, tensor] of Object.entries({ gradient, mean, square })) checkShape('AdamStep', name, tensor, value.shape);
  runOperator('AdamStep', { value, gradient, mean, square }, attributes);
}
