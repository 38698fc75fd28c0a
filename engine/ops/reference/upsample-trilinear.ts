/** @file UpsampleTrilinear in plain loops. */
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const upsampleTrilinear: Reference<'UpsampleTrilinear'> = ({ x }) => {
  const y = zeros([x.shape[0], ...x.shape.slice(1, 4).map((size) => 2 * size), x.shape[4]]);
  forEachCorner(x.shape, (from, to, factor) => { y.data[to] += factor * x.data[from]; });
  return { y };
};

export const upsampleTrilinearBackward: Reference<'UpsampleTrilinearBackward'> = ({ dy }) => {
  const dx = zeros([dy.shape[0], ...dy.shape.slice(1, 4).map((size) => size / 2), dy.shape[4]]);
  forEachCorner(dx.shape, (from, to, factor) => { dx.data[from] += factor * dy.data[to]; });
  return { dx };
};

/** Visits each element of the doubled volume with the eight corners it lies between. */
function forEachCorner([batch, depth, height, width, channels]: NumberArray['shape'], visit: (from: number, to: number, factor: number) => void): void {
  for (let b = 0; b < batch; b++)
    for (let z = 0; z < 2 * depth; z++) for (const [zFrom, zFactor] of neighbours(z, depth))
      for (let y = 0; y < 2 * height; y++) for (const [yFrom, yFactor] of neighbours(y, height))
        for (let x = 0; x < 2 * width; x++) for (const [xFrom, xFactor] of neighbours(x, width))
          for (let c = 0; c < channels; c++) {
            const from = (((b * depth + zFrom) * height + yFrom) * width + xFrom) * channels + c;
            const to = (((b * 2 * depth + z) * 2 * height + y) * 2 * width + x) * channels + c;
            visit(from, to, zFactor * yFactor * xFactor);
          }
}

/** The two voxels of an axis of `size` that output `index` lies between, with their factors. */
function neighbours(index: number, size: number): [from: number, factor: number][] {
  const position = (index * (size - 1)) / (2 * size - 1);
  const low = Math.floor(position);
  return [[low, 1 - (position - low)], [Math.min(low + 1, size - 1), position - low]];
}
