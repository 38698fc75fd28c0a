/** @file SteerableConvolution by the dense kernel assembled from harmonics and Clebsch-Gordan coefficients; of two tensors by way of their concatenation. */
import { dimension } from '../../math/so3/irreps';
import { lattice } from '../../math/so3/lattice';
import { steerableKernel, steerableKernelAdjoint } from '../../math/so3/steerable-kernel';
import { pathsOf, selfPathsOf, weightsOf } from '../../math/so3/steerable-paths';
import type { SteerableConvolutionAttributes } from '../operators';
import { concatChannels, splitChannels } from './concat-channels';
import { forEachTap } from './for-each-tap';
import { zeros } from './reference';
import type { Reference } from './reference';
import { selfConnection, selfConnectionBackward } from './self-connection';

export const steerableConvolution: Reference<'SteerableConvolution'> = ({ x, weight, self }, attributes) => {
  const layout = layoutOf(attributes);
  const kernel = steerableKernel(layout, weight.data);
  const [channelsIn, channelsOut] = [dimension(attributes.irrepsIn), dimension(attributes.irrepsOut)];
  const { y } = selfConnection({ x, weight: self, bias: zeros([0]) }, attributes);
  forEachTap(x.shape, layout.lattice.taps.map(({ offset }) => offset), (tap, from, to) => {
    for (let i = 0; i < channelsIn; i++) for (let o = 0; o < channelsOut; o++) y.data[to * channelsOut + o] += x.data[from * channelsIn + i] * kernel[(tap * channelsIn + i) * channelsOut + o];
  });
  return { y };
};

export const steerableConvolutionBackward: Reference<'SteerableConvolutionBackward'> = ({ dy, x, weight, self }, attributes) => {
  const layout = layoutOf(attributes);
  const kernel = steerableKernel(layout, weight.data);
  const dkernel = new Float64Array(kernel.length);
  const [channelsIn, channelsOut] = [dimension(attributes.irrepsIn), dimension(attributes.irrepsOut)];
  const { dx, dweight: dself } = selfConnectionBackward({ dy, x, weight: self }, attributes);
  forEachTap(x.shape, layout.lattice.taps.map(({ offset }) => offset), (tap, from, to) => {
    for (let i = 0; i < channelsIn; i++) for (let o = 0; o < channelsOut; o++) {
      const element = (tap * channelsIn + i) * channelsOut + o;
      dx.data[from * channelsIn + i] += kernel[element] * dy.data[to * channelsOut + o];
      dkernel[element] += x.data[from * channelsIn + i] * dy.data[to * channelsOut + o];
    }
  });
  return { dx, dweight: { shape: weight.shape, data: steerableKernelAdjoint(layout, dkernel) }, dself };
};

export const steerableConvolutionBackwardWeight: Reference<'SteerableConvolutionBackwardWeight'> = ({ dy, x }, attributes) => {
  const { irrepsIn, irrepsOut, harmonics, lattice: { radialFunctions } } = attributes;
  const { dweight, dself } = steerableConvolutionBackward({ dy, x, weight: zeros([radialFunctions, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))]), self: zeros([weightsOf(selfPathsOf(irrepsIn, irrepsOut))]) }, attributes);
  return { dweight, dself };
};

export const steerableConvolutionOfTwo: Reference<'SteerableConvolutionOfTwo'> = ({ a, b, weight, self }, attributes) => steerableConvolution({ x: concatChannels(a, b), weight, self }, attributes);
export const steerableConvolutionOfTwoBackward: Reference<'SteerableConvolutionOfTwoBackward'> = ({ dy, a, b, weight, self }, attributes) => {
  const { dx, dweight, dself } = steerableConvolutionBackward({ dy, x: concatChannels(a, b), weight, self }, attributes);
  return { ...splitChannels(dx, a.shape[4]), dweight, dself };
};

const layoutOf = (attributes: SteerableConvolutionAttributes) => ({ ...attributes, lattice: lattice(attributes.lattice) });
