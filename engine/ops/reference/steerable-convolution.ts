/** @file SteerableConvolution by the dense kernel assembled from harmonics and Clebsch-Gordan coefficients. */
import { dimension } from '../../math/so3/irreps';
import { lattice } from '../../math/so3/lattice';
import { steerableKernel, steerableKernelAdjoint } from '../../math/so3/steerable-kernel';
import type { SteerableConvolutionAttributes } from '../operators';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';
import { selfConnection, selfConnectionBackward } from './self-connection';

export const steerableConvolution: Reference<'SteerableConvolution'> = ({ x, weight, self }, attributes) => {
  const layout = layoutOf(attributes);
  const kernel = steerableKernel(layout, weight.data);
  const [channelsIn, channelsOut] = [dimension(attributes.irrepsIn), dimension(attributes.irrepsOut)];
  const { y } = selfConnection({ x, weight: self, bias: zeros([0]) }, attributes);
  forEachTap(x.shape, layout.lattice.taps, (tap, from, to) => {
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
  forEachTap(x.shape, layout.lattice.taps, (tap, from, to) => {
    for (let i = 0; i < channelsIn; i++) for (let o = 0; o < channelsOut; o++) {
      const element = (tap * channelsIn + i) * channelsOut + o;
      dx.data[from * channelsIn + i] += kernel[element] * dy.data[to * channelsOut + o];
      dkernel[element] += x.data[from * channelsIn + i] * dy.data[to * channelsOut + o];
    }
  });
  return { dx, dweight: { shape: weight.shape, data: steerableKernelAdjoint(layout, dkernel) }, dself };
};

const layoutOf = ({ irrepsIn, irrepsOut, lattice: spec }: SteerableConvolutionAttributes) => ({ irrepsIn, irrepsOut, lattice: lattice(spec) });

/** Visits each tap and each pair of voxels it joins: y(to) reads x(from) with from = to + offset, where both lie in the volume. */
function forEachTap(shape: NumberArray['shape'], taps: ReturnType<typeof lattice>['taps'], visit: (tap: number, from: number, to: number) => void): void {
  const [batch, depth, height, width] = shape;
  const inside = (n: number, size: number): boolean => n >= 0 && n < size;
  taps.forEach(({ offset: [ox, oy, oz] }, tap) => {
    for (let b = 0; b < batch; b++) for (let z = 0; z < depth; z++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      if (inside(z + oz, depth) && inside(y + oy, height) && inside(x + ox, width)) visit(tap, ((b * depth + z + oz) * height + y + oy) * width + x + ox, ((b * depth + z) * height + y) * width + x);
    }
  });
}
