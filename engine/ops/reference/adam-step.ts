/** @file AdamStep in plain loops, in place like the operator. */
import type { Reference } from './reference';

export const adamStep: Reference<'AdamStep'> = ({ value, gradient, mean, square }, { learningRate, beta1, beta2, epsilon, step }) => {
  gradient.data.forEach((g, n) => {
    mean.data[n] = beta1 * mean.data[n] + (1 - beta1) * g;
    square.data[n] = beta2 * square.data[n] + (1 - beta2) * g * g;
    value.data[n] -= (learningRate * (mean.data[n] / (1 - beta1 ** step))) / (Math.sqrt(square.data[n] / (1 - beta2 ** step)) + epsilon);
  });
  return {};
};
