/** @file DepthwiseConvolution and its two gradients in plain loops. */
import { forEachTap } from './for-each-tap';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const depthwiseConvolution: Reference<'DepthwiseConvolution'> = ({ x, weight }) => {
  const y = zeros(x.shape);
  forEachProduct(weight.shape, x.shape, (w, from, to) => { y.data[to] += weight.data[w] * x.data[from]; });
  return { y };
};

export const depthwiseConvolutionBackwardInput: Reference<'DepthwiseConvolutionBackwardInput'> = ({ dy, weight }) => {
  const dx = zeros(dy.shape);
  forEachProduct(weight.shape, dy.shape, (w, from, to) => { dx.data[from] += weight.data[w] * dy.data[to]; });
  return { dx };
};

export const depthwiseConvolutionBackwardWeight: Reference<'DepthwiseConvolutionBackwardWeight'> = ({ dy, x }, { kernelSize }) => {
  const dweight = zeros([kernelSize, kernelSize, kernelSize, x.shape[4]]);
  forEachProduct(dweight.shape, x.shape, (w, from, to) => { dweight.data[w] += x.data[from] * dy.data[to]; });
  return { dweight };
};

/** Visits each weight with each pair of elements it joins. */
function forEachProduct([size, , , channels]: NumberArray['shape'], volume: NumberArray['shape'], visit: (weight: number, from: number, to: number) => void): void {
  const axis = Array.from({ length: size }, (_, n) => n - (size - 1) / 2);
  const offsets = axis.flatMap((z) => axis.flatMap((y) => axis.map((x) => [x, y, z] as const)));
  forEachTap(volume, offsets, (tap, from, to) => {
    for (let c = 0; c < channels; c++) visit(tap * channels + c, from * channels + c, to * channels + c);
  });
}
