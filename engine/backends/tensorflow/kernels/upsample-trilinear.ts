/** @file UpsampleTrilinear: one interpolation matrix along each axis. */
import { matMul, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Constant, KernelFactory } from './kernel';

export const upsampleTrilinear: KernelFactory<'UpsampleTrilinear' | 'UpsampleTrilinearBackward'> = (constant) => ({
  UpsampleTrilinear: ({ x }) => [[1, 2, 3].reduce((field, axis) => along(axis, field, interpolation(constant, field.shape[axis]!), false), x)],
  UpsampleTrilinearBackward: ({ dy }) => [[1, 2, 3].reduce((field, axis) => along(axis, field, interpolation(constant, field.shape[axis]! / 2), true), dy)],
});

/** Multiplies every line of an axis with a matrix [out, in], or its transpose. */
export function along(axis: number, field: Tensor, matrix: Tensor2D, transposed: boolean): Tensor {
  const size = (from: number, to?: number): number => field.shape.slice(from, to).reduce((product, n) => product * n, 1);
  const lines = reshape(field, [size(0, axis), field.shape[axis]!, size(axis + 1)]);
  const result = matMul(matrix, lines, transposed, false);
  return reshape(result, [...field.shape.slice(0, axis), matrix.shape[transposed ? 1 : 0], ...field.shape.slice(axis + 1)]);
}

/** [2 size, size]: output o reads position o (size - 1) / (2 size - 1). */
const interpolation = (constant: Constant, size: number): Tensor2D =>
  constant(`interpolation ${size}`, () => {
    const data = new Float32Array(2 * size * size);
    for (let o = 0; o < 2 * size; o++) {
      const position = (o * (size - 1)) / (2 * size - 1);
      const low = Math.floor(position);
      data[o * size + low] += 1 - (position - low);
      data[o * size + Math.min(low + 1, size - 1)] += position - low;
    }
    return { shape: [2 * size, size], data };
  });
