/** @file Resample: one matrix along each axis. */
import { matMul, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { axisTaps } from '../../../math/axis-map';
import type { ResampleAttributes } from '../../../ops/operators';
import type { Constant, KernelFactory } from './kernel';

export const resample: KernelFactory<'Resample' | 'ResampleBackward'> = (constant) => ({
  Resample: ({ x }, attributes) => [axes.reduce((field, axis) => along(axis, field, matrix(constant, attributes, axis), false), x)],
  ResampleBackward: ({ dy }, attributes) => [axes.reduce((field, axis) => along(axis, field, matrix(constant, attributes, axis), true), dy)],
});

/** Of a tensor: z, y, x. */
const axes = [1, 2, 3] as const;

/** Multiplies every line of an axis with a matrix [out, in], or its transpose. */
function along(axis: number, field: Tensor, map: Tensor2D, transposed: boolean): Tensor {
  const size = (from: number, to?: number): number => field.shape.slice(from, to).reduce((product, n) => product * n, 1);
  const lines = reshape(field, [size(0, axis), field.shape[axis]!, size(axis + 1)]);
  return reshape(matMul(map, lines, transposed, false), [...field.shape.slice(0, axis), map.shape[transposed ? 1 : 0], ...field.shape.slice(axis + 1)]);
}

/** [out, in] */
function matrix(constant: Constant, { method, amount, size }: ResampleAttributes, axis: 1 | 2 | 3): Tensor2D {
  const [factor, voxels] = [amount[(3 - axis) as 0 | 1 | 2], size[(3 - axis) as 0 | 1 | 2]];
  return constant(`resample ${method} ${factor} ${voxels}`, () => {
    const taps = axisTaps(method, factor, voxels);
    const data = new Float32Array(taps.length * voxels);
    taps.forEach((one, out) => one.forEach(([from, weight]) => (data[out * voxels + from]! += weight)));
    return { shape: [taps.length, voxels], data };
  });
}
