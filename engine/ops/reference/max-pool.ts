/** @file MaxPool in plain loops. */
import { poolingTie } from '../operators';
import { copiesOf } from '../../math/so3/irreps';
import type { Irreps, IrrepCopy } from '../../math/so3/irreps';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const maxPool: Reference<'MaxPool'> = ({ x }, { irreps }) => {
  const y = zeros([x.shape[0], ...x.shape.slice(1, 4).map((size) => Math.floor(size / 2)), x.shape[4]]);
  forEachWinner(x, irreps, (from, to, share) => { y.data[to] += share * x.data[from]; });
  return { y };
};

export const maxPoolBackward: Reference<'MaxPoolBackward'> = ({ dy, x }, { irreps }) => {
  const dx = zeros(x.shape);
  forEachWinner(x, irreps, (from, to, share) => { dx.data[from] += share * dy.data[to]; });
  return { dx };
};

/** Visits each element of the output with the elements of the input it is taken from, and the share of each. */
function forEachWinner(x: NumberArray, irreps: Irreps, visit: (from: number, to: number, share: number) => void): void {
  const [batch, depth, height, width, channels] = x.shape;
  const copies = copiesOf(irreps);
  const [halfDepth, halfHeight, halfWidth] = [depth, height, width].map((size) => Math.floor(size / 2));
  for (let b = 0; b < batch; b++) for (let z = 0; z < halfDepth; z++) for (let y = 0; y < halfHeight; y++) for (let x0 = 0; x0 < halfWidth; x0++) {
    const to = (((b * halfDepth + z) * halfHeight + y) * halfWidth + x0) * channels;
    // In x, y, z order, z fastest, as e3nn_Unet scans: of equal scalars the first wins.
    const window = [0, 1].flatMap((i) => [0, 1].flatMap((j) => [0, 1].map((k) => (((b * depth + 2 * z + k) * height + 2 * y + j) * width + 2 * x0 + i) * channels)));
    for (const copy of copies) {
      const winner = window.reduce((best, from) => (size(x, from, copy) > size(x, best, copy) ? from : best));
      const winners = copy.degree === 0 ? [winner] : window.filter((from) => size(x, from, copy) >= size(x, winner, copy) * (1 - poolingTie));
      for (const from of winners) for (let c = copy.start; c <= copy.start + 2 * copy.degree; c++) visit(from + c, to + c, 1 / winners.length);
    }
  }
}

/** The value of a scalar, the squared norm of a copy of higher degree. */
function size(x: NumberArray, voxel: number, { start, degree }: IrrepCopy): number {
  if (degree === 0) return x.data[voxel + start];
  let sum = 0;
  for (let c = start; c <= start + 2 * degree; c++) sum += x.data[voxel + c] ** 2;
  return sum;
}
