/** @file Convolution by TensorFlow's conv3d and its gradients. */
import { concat, conv3d, engine, split, type Tensor, type Tensor5D } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

const layout = { strides: 1, pad: 'same' } as const;

/** x [batch, z, y, x, in], kernel [z, y, x, in, out] of odd extents. */
export const correlate = (x: Tensor, kernel: Tensor): Tensor => conv3d(x as Tensor5D, kernel as Tensor5D, layout.strides, layout.pad);
/** Gradient of the input. */
export const correlateBackwardInput = (dy: Tensor, filter: Tensor, inputShape: readonly number[]): Tensor => engine().runKernel('Conv3DBackpropInputV2', { dy, filter }, { ...layout, inputShape: [...inputShape] }) as unknown as Tensor;
/** Gradient of the kernel. */
export const correlateBackwardKernel = (x: Tensor, dy: Tensor, filterShape: readonly number[]): Tensor => engine().runKernel('Conv3DBackpropFilterV2', { x, dy }, { ...layout, filterShape: [...filterShape] }) as unknown as Tensor;

type Names = 'Convolution' | 'ConvolutionBackwardInput' | 'ConvolutionBackwardWeight';
export const convolution: KernelFactory<Names | 'ConvolutionOfTwo' | 'ConvolutionOfTwoBackwardInput' | 'ConvolutionOfTwoBackwardWeight'> = () => ({
  Convolution: ({ x, weight }) => [correlate(x, weight)],
  ConvolutionBackwardInput: ({ dy, weight }) => [correlateBackwardInput(dy, weight, [...dy.shape.slice(0, 4), weight.shape[3]!])],
  ConvolutionBackwardWeight: ({ dy, x }, { kernelSize: k }) => [correlateBackwardKernel(x, dy, [k, k, k, x.shape[4]!, dy.shape[4]!])],
  // TensorFlow reads one tensor
  ConvolutionOfTwo: ({ a, b, weight }) => [correlate(concat([a, b], 4), weight)],
  ConvolutionOfTwoBackwardInput: ({ dy, weight }, { channelsA }) => split(correlateBackwardInput(dy, weight, [...dy.shape.slice(0, 4), weight.shape[3]!]), [channelsA, weight.shape[3]! - channelsA], 4),
  ConvolutionOfTwoBackwardWeight: ({ dy, a, b }, { kernelSize: k }) => [correlateBackwardKernel(concat([a, b], 4), dy, [k, k, k, weightIn(a, b), dy.shape[4]!])],
});

const weightIn = (a: Tensor, b: Tensor): number => a.shape[4]! + b.shape[4]!;
