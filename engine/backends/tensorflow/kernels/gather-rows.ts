/** @file GatherRows by tfjs's gather, its gradient by sums over equal rows. */
import { gather, reshape, tensor1d, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

export const gatherRows: KernelFactory<'GatherRows' | 'GatherRowsBackward'> = () => ({
  GatherRows: ({ weight }, { rows, shape }) => [reshape(gather(reshape(weight, [-1, weight.shape.at(-1)!]), tensor1d([...rows], 'int32')), [...shape])],
  GatherRowsBackward: ({ dy }, { rows, shape }) => {
    const length = shape.at(-1)!;
    const stored = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    return [reshape(unsortedSegmentSum(reshape(dy, [-1, length]), tensor1d([...rows], 'int32'), stored), [...shape])];
  },
});
