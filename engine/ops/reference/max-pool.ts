/** @file MaxPool in plain loops. */
import { copiesOf } from '../../math/so3/irreps';
import type { IrrepCopy } from '../../math/so3/irreps';
import { poolingTie } from '../operators';
import type { PoolAttributes } from '../operators';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const maxPool: Reference<'MaxPool'> = ({ x }, attributes) => {
  const [extentX, extentY, extentZ] = attributes.extent;
  const y = zeros([x.shape[0], Math.floor(x.shape[1] / extentZ), Math.floor(x.shape[2] / extentY), Math.floor(x.shape[3] / extentX), x.shape[4]]);
  forEachWinner(x, attributes, (from, to, share) => { y.data[to] += share * x.data[from]; });
  return { y };
};

export const maxPoolBackward: Reference<'MaxPoolBackward'> = ({ dy, x }, attributes) => {
  const dx = zeros(x.shape);
  forEachWinner(x, attributes, (from, to, share) => { dx.data[from] += share * dy.data[to]; });
  return { dx };
};

/** Visits each element of the output with the elements of the input it is taken from, and the share of each. An incomplete last window is dropped. */
function forEachWinner(x: NumberArray, { irreps, extent: [extentX, extentY, extentZ], tie = poolingTie }: PoolAttributes, visit: (from: number, to: number, share: number) => void): void {
  const [batch, depth, height, width, channels] = x.shape;
  const copies = copiesOf(irreps);
  const [outDepth, outHeight, outWidth] = [Math.floor(depth / extentZ), Math.floor(height / extentY), Math.floor(width / extentX)];
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  for (let b = 0; b < batch; b++) for (let z = 0; z < outDepth; z++) for (let y = 0; y < outHeight; y++) for (let x0 = 0; x0 < outWidth; x0++) {
    const to = (((b * outDepth + z) * outHeight + y) * outWidth + x0) * channels;
    // In x, y, z order, z fastest, as e3nn_Unet scans: of equal scalars the first wins.
    const window = upTo(extentX).flatMap((i) => upTo(extentY).flatMap((j) => upTo(extentZ).map((k) => (((b * depth + extentZ * z + k) * height + extentY * y + j) * width + extentX * x0 + i) * channels)));
    for (const copy of copies) {
      const winner = window.reduce((best, from) => (size(x, from, copy) > size(x, best, copy) ? from : best));
      const winners = isByValue(copy) ? [winner] : window.filter((from) => size(x, from, copy) >= size(x, winner, copy) * (1 - tie));
      for (const from of winners) for (let c = copy.start; c <= copy.start + 2 * copy.degree; c++) visit(from + c, to + c, 1 / winners.length);
    }
  }
}

const isByValue = ({ degree, parity }: IrrepCopy): boolean => degree === 0 && parity === 1;

/** The value of an even scalar, the squared norm of any other copy. */
function size(x: NumberArray, voxel: number, copy: IrrepCopy): number {
  if (isByValue(copy)) return x.data[voxel + copy.start];
  let sum = 0;
  for (let c = copy.start; c <= copy.start + 2 * copy.degree; c++) sum += x.data[voxel + c] ** 2;
  return sum;
}
