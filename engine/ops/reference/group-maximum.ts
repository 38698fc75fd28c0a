/** @file GroupMaximum in plain loops. */
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const groupMaximum: Reference<'GroupMaximum'> = ({ x }, { order }) => {
  const y = zeros([...x.shape.slice(0, 4), x.shape[4] / order]);
  forEachLargest(x, order, (from, to) => { y.data[to] = x.data[from]; });
  return { y };
};

export const groupMaximumBackward: Reference<'GroupMaximumBackward'> = ({ dy, x }, { order }) => {
  const dx = zeros(x.shape);
  forEachLargest(x, order, (from, to) => { dx.data[from] = dy.data[to]; });
  return { dx };
};

/** Visits each element of the output with the one it is taken from. */
function forEachLargest({ data, shape }: NumberArray, order: number, visit: (from: number, to: number) => void): void {
  const channels = shape[4] / order;
  for (let to = 0; to < data.length / order; to++) {
    const first = Math.floor(to / channels) * shape[4] + (to % channels);
    let from = first;
    for (let element = 1; element < order; element++) if (data[first + element * channels] > data[from]) from = first + element * channels;
    visit(from, to);
  }
}
