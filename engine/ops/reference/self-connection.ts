/** @file SelfConnection in plain loops. */
import { channelStarts, dimension, scalarCopies } from '../../math/so3/irreps';
import { selfPathsOf } from '../../math/so3/steerable-paths';
import type { IrrepsPair } from '../operators';
import { zeros } from './reference';
import type { Reference } from './reference';

export const selfConnection: Reference<'SelfConnection'> = ({ x, weight, bias }, attributes) => {
  const voxels = x.shape.slice(0, 4);
  const [channelsIn, channelsOut] = [dimension(attributes.irrepsIn), dimension(attributes.irrepsOut)];
  const y = zeros([...voxels, channelsOut]);
  const count = x.data.length / channelsIn;
  forEachWeight(attributes, (index, channelIn, channelOut, coefficient) => {
    for (let v = 0; v < count; v++) y.data[v * channelsOut + channelOut] += coefficient * weight.data[index] * x.data[v * channelsIn + channelIn];
  });
  for (let v = 0; v < count; v++) for (let c = 0; c < bias.data.length; c++) y.data[v * channelsOut + c] += bias.data[c];
  return { y };
};

export const selfConnectionBackward: Reference<'SelfConnectionBackward'> = ({ dy, x, weight }, attributes) => {
  const [channelsIn, channelsOut] = [dimension(attributes.irrepsIn), dimension(attributes.irrepsOut)];
  const [dx, dweight, dbias] = [zeros(x.shape), zeros(weight.shape), zeros([scalarCopies(attributes.irrepsOut)])];
  const count = x.data.length / channelsIn;
  forEachWeight(attributes, (index, channelIn, channelOut, coefficient) => {
    for (let v = 0; v < count; v++) {
      dx.data[v * channelsIn + channelIn] += coefficient * weight.data[index] * dy.data[v * channelsOut + channelOut];
      dweight.data[index] += coefficient * x.data[v * channelsIn + channelIn] * dy.data[v * channelsOut + channelOut];
    }
  });
  for (let v = 0; v < count; v++) for (let c = 0; c < dbias.data.length; c++) dbias.data[c] += dy.data[v * channelsOut + c];
  return { dx, dweight, dbias };
};

/** Visits each weight once for each component it joins. */
function forEachWeight({ irrepsIn, irrepsOut }: IrrepsPair, visit: (index: number, channelIn: number, channelOut: number, coefficient: number) => void): void {
  const [startsIn, startsOut] = [channelStarts(irrepsIn), channelStarts(irrepsOut)];
  for (const { entryIn, entryOut, offset, multiplicityIn, multiplicityOut, coefficient } of selfPathsOf(irrepsIn, irrepsOut)) {
    const size = 2 * irrepsIn[entryIn].degree + 1;
    for (let u = 0; u < multiplicityIn; u++) for (let w = 0; w < multiplicityOut; w++) for (let k = 0; k < size; k++) {
      visit(offset + u * multiplicityOut + w, startsIn[entryIn] + u * size + k, startsOut[entryOut] + w * size + k, coefficient);
    }
  }
}
