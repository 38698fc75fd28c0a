/** @file A layer that keeps its inputs and nothing else: what comes before its depthwise convolution is computed again for the gradient. */
import { customGrad, tidy, type GradSaveFunc, type Tensor, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import { backpropagate, record } from '../ops/backpropagation';
import { depthwiseConvolution } from '../ops/depthwise-convolution';
import { runOperator } from '../ops/run-operator';

/**
 * depthwiseConvolution(pointwise(...inputs, ...constants), kernel), where `pointwise` is any function made of operators that reads nothing else; constants get no gradient.
 *
 * On the tape it would hold each intermediate of `pointwise` until the gradient, which at full resolution are several times the inputs.
 */
export function separableConvolution(pointwise: (...inputs: Tensor[]) => Tensor5D, inputs: readonly Tensor[], kernel: Tensor4D, constants: readonly Tensor[] = []): Tensor5D {
  const layer = customGrad((...all: (Tensor | GradSaveFunc)[]) => {
    const save = all.pop() as GradSaveFunc;
    const [weight, ...read] = all as [Tensor4D, ...Tensor[]];
    save([weight, ...read, ...constants]);
    return {
      value: depthwiseConvolution(pointwise(...read, ...constants), weight),
      gradFunc: (dy: Tensor5D, [weight, ...kept]: Tensor[]) =>
        tidy(() => {
          const [read, constants] = [kept.slice(0, inputs.length), kept.slice(inputs.length)];
          const { value: x, tape } = record(() => pointwise(...read, ...constants));
          const [dweight] = runOperator('DepthwiseConvolutionBackwardWeight', { dy, x }, { kernelSize: weight.shape[0] });
          x.dispose();
          const dx = runOperator('DepthwiseConvolutionBackwardInput', { dy, weight }, {})[0];
          return [dweight, ...backpropagate(tape, x, read, dx).map((gradient) => gradient!)];
        }),
    };
  });
  return layer(kernel, ...inputs);
}
