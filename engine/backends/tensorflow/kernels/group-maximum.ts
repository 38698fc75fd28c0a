/** @file GroupMaximum over slices of the channels, one for each element of the group. */
import { concat, maximum, mul, split } from '@tensorflow/tfjs-core';
import { firstLargest } from './first-largest';
import type { KernelFactory } from './kernel';

export const groupMaximum: KernelFactory<'GroupMaximum' | 'GroupMaximumBackward'> = () => ({
  GroupMaximum: ({ x }, { order }) => [split(x, order, 4).reduce((a, b) => maximum(a, b))],
  GroupMaximumBackward: ({ dy, x }, { order }) => {
    const parts = firstLargest(split(x, order, 4)).map((isLargest) => mul(isLargest, dy));
    return [parts.length === 1 ? parts[0]! : concat(parts, 4)];
  },
});
