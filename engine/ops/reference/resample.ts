/** @file Resample in plain loops. */
import { axisTaps } from '../../math/axis-map';
import type { ResampleAttributes } from '../operators';
import { zeros } from './reference';
import type { Reference } from './reference';

export const resample: Reference<'Resample'> = ({ x }, attributes) => {
  const [zs, ys, xs] = tapsOf(attributes);
  const y = zeros([x.shape[0], zs.length, ys.length, xs.length, x.shape[4]]);
  forEachPair(attributes, x.shape[0], x.shape[4], (from, to, weight) => { y.data[to] += weight * x.data[from]; });
  return { y };
};

export const resampleBackward: Reference<'ResampleBackward'> = ({ dy }, attributes) => {
  const [width, height, depth] = attributes.size;
  const dx = zeros([dy.shape[0], depth, height, width, dy.shape[4]]);
  forEachPair(attributes, dy.shape[0], dy.shape[4], (from, to, weight) => { dx.data[from] += weight * dy.data[to]; });
  return { dx };
};

/** Along z, y and x. */
const tapsOf = ({ method, amount, size }: ResampleAttributes) => [2, 1, 0].map((axis) => axisTaps(method, amount[axis], size[axis]));

/** Visits each element of the output with each element of the input it reads. */
function forEachPair(attributes: ResampleAttributes, batch: number, channels: number, visit: (from: number, to: number, weight: number) => void): void {
  const [width, height, depth] = attributes.size;
  const [zs, ys, xs] = tapsOf(attributes);
  for (let b = 0; b < batch; b++)
    zs.forEach((tapsZ, z) => ys.forEach((tapsY, y) => xs.forEach((tapsX, x) => {
      const to = (((b * zs.length + z) * ys.length + y) * xs.length + x) * channels;
      for (const [zFrom, zWeight] of tapsZ) for (const [yFrom, yWeight] of tapsY) for (const [xFrom, xWeight] of tapsX) {
        const from = (((b * depth + zFrom) * height + yFrom) * width + xFrom) * channels;
        for (let c = 0; c < channels; c++) visit(from + c, to + c, zWeight * yWeight * xWeight);
      }
    })));
}
