/** @file AdamStep: new values assigned to the variables. TensorFlow's tensors cannot be written in place. */
import { add, div, mul, sqrt, square as squared, sub, Variable, type Tensor } from '@tensorflow/tfjs-core';
import { GyraError } from '../../../contract/problem';
import type { KernelFactory } from './kernel';

export const adamStep: KernelFactory<'AdamStep'> = () => ({
  AdamStep: ({ value, gradient, mean, square }, { learningRate, beta1, beta2, epsilon, step }) => {
    const newMean = add(mul(mean, beta1), mul(gradient, 1 - beta1));
    const newSquare = add(mul(square, beta2), mul(squared(gradient), 1 - beta2));
    const denominator = add(sqrt(div(newSquare, 1 - beta2 ** step)), epsilon);
    assign(mean, newMean);
    assign(square, newSquare);
    assign(value, sub(value, mul(div(newMean, denominator), learningRate / (1 - beta1 ** step))));
    return [];
  },
});

function assign(target: Tensor, value: Tensor): void {
  if (!(target instanceof Variable)) throw new GyraError('internal', 'AdamStep got a tensor that is no variable.', 'This is a fault in Gyra: the TensorFlow backend changes variables only.');
  target.assign(value);
}
