/** @file Convolution and its two gradients in plain loops; of two tensors by way of their concatenation. */
import { concatChannels, splitChannels } from './concat-channels';
import { forEachTap } from './for-each-tap';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const convolution: Reference<'Convolution'> = ({ x, weight }) => {
  const y = zeros([...x.shape.slice(0, 4), weight.shape[4]]);
  forEachProduct(weight.shape, x.shape, (w, from, to) => { y.data[to] += weight.data[w] * x.data[from]; });
  return { y };
};

export const convolutionBackwardInput: Reference<'ConvolutionBackwardInput'> = ({ dy, weight }) => {
  const dx = zeros([...dy.shape.slice(0, 4), weight.shape[3]]);
  forEachProduct(weight.shape, dy.shape, (w, from, to) => { dx.data[from] += weight.data[w] * dy.data[to]; });
  return { dx };
};

export const convolutionBackwardWeight: Reference<'ConvolutionBackwardWeight'> = ({ dy, x }, { kernelSize }) => {
  const dweight = zeros([kernelSize, kernelSize, kernelSize, x.shape[4], dy.shape[4]]);
  forEachProduct(dweight.shape, x.shape, (w, from, to) => { dweight.data[w] += x.data[from] * dy.data[to]; });
  return { dweight };
};

export const convolutionOfTwo: Reference<'ConvolutionOfTwo'> = ({ a, b, weight }) => convolution({ x: concatChannels(a, b), weight }, {});
export const convolutionOfTwoBackwardInput: Reference<'ConvolutionOfTwoBackwardInput'> = (inputs, { channelsA }) => splitChannels(convolutionBackwardInput(inputs, {}).dx, channelsA);
export const convolutionOfTwoBackwardWeight: Reference<'ConvolutionOfTwoBackwardWeight'> = ({ dy, a, b }, attributes) => convolutionBackwardWeight({ dy, x: concatChannels(a, b) }, attributes);

/** Visits each weight with each pair of elements it joins. */
function forEachProduct([size, , , channelsIn, channelsOut]: NumberArray['shape'], volume: NumberArray['shape'], visit: (weight: number, from: number, to: number) => void): void {
  const axis = Array.from({ length: size }, (_, n) => n - (size - 1) / 2);
  const offsets = axis.flatMap((z) => axis.flatMap((y) => axis.map((x) => [x, y, z] as const)));
  forEachTap(volume, offsets, (tap, from, to) => {
    for (let i = 0; i < channelsIn; i++) for (let o = 0; o < channelsOut; o++) visit((tap * channelsIn + i) * channelsOut + o, from * channelsIn + i, to * channelsOut + o);
  });
}
