/** @file DepthwiseConvolution as two-dimensional ones, summed over the kernel's planes: TensorFlow has no three-dimensional one. */
import { addN, depthwiseConv2d, engine, pad, reshape, reverse, slice, stack, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

export const depthwiseConvolution: KernelFactory<'DepthwiseConvolution' | 'DepthwiseConvolutionBackwardInput' | 'DepthwiseConvolutionBackwardWeight'> = () => ({
  DepthwiseConvolution: ({ x, weight }) => [correlate(x, weight)],
  DepthwiseConvolutionBackwardInput: ({ dy, weight }) => [correlate(dy, reverse(weight, [0, 1, 2]))],
  DepthwiseConvolutionBackwardWeight: ({ dy, x }, { kernelSize: k }) => {
    const g = planes(dy);
    const filterShape = [k, k, x.shape[4]!, 1];
    const layout = { strides: 1, pad: 'same', dilations: 1, filterShape };
    const ofPlanes = shifted(x, k).map((plane) => engine().runKernel('DepthwiseConv2dNativeBackpropFilter', { x: plane, dy: g }, layout) as unknown as Tensor);
    return [reshape(stack(ofPlanes, 0), [k, k, k, x.shape[4]!])];
  },
});

/** weight [k, k, k, channels] */
function correlate(x: Tensor, weight: Tensor): Tensor {
  const [k, , , channels] = weight.shape as [number, number, number, number];
  return reshape(addN(shifted(x, k).map((plane, z) => depthwiseConv2d(plane, reshape(slice(weight, [z], [1]), [k, k, channels, 1]) as Tensor4D, 1, 'same'))), x.shape);
}

/** x moved along z, once for each plane of a kernel: [batch z, y, x, channel] each. */
function shifted(x: Tensor, kernelSize: number): Tensor4D[] {
  const reach = (kernelSize - 1) / 2;
  const padded = pad(x, [[0, 0], [reach, reach], [0, 0], [0, 0], [0, 0]]);
  return Array.from({ length: kernelSize }, (_, z) => planes(slice(padded, [0, z, 0, 0, 0], x.shape)));
}

const planes = (x: Tensor): Tensor4D => reshape(x, [-1, x.shape[2]!, x.shape[3]!, x.shape[4]!]);
