/**
 * @file The dense kernel of paths with learned weights, assembled by one product for each pair of entries: a constant basis times the weights.
 *
 * K[point, (u, i), (w, k)] = sum over paths and functions b of basis[(point, i, k), b] weight[b, path(u, w)]. A self-connection is such a kernel of one point and one function.
 */
import { concat, matMul, reshape, slice, transpose, zeros, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { channelStarts, dimension, type Irreps } from '../../../math/so3/irreps';
import type { SteerablePath } from '../../../math/so3/steerable-paths';
import type { Constant } from './kernel';

export interface DenseKernelPlan {
  /** Names the bases among the backend's constants: all they depend on. */
  readonly key: string;
  readonly irrepsIn: Irreps;
  readonly irrepsOut: Irreps;
  readonly paths: readonly SteerablePath[];
  readonly points: number;
  readonly functions: number;
  /** basis[((point sizeIn + i) sizeOut + k) functions + b] of a path, its coefficient included. */
  readonly basisOf: (path: SteerablePath) => Float32Array;
}

/** @param weight [functions, weights of the paths] @returns [points, channels in, channels out] */
export function assemble(constant: Constant, plan: DenseKernelPlan, weight: Tensor): Tensor {
  const { irrepsIn, irrepsOut, points, functions } = plan;
  const columns = irrepsOut.map((out, entryOut) => {
    const blocks = irrepsIn.map((into, entryIn) => {
      const paths = plan.paths.filter((path) => path.entryIn === entryIn && path.entryOut === entryOut);
      const [sizeIn, sizeOut] = [2 * into.degree + 1, 2 * out.degree + 1];
      const shape = [points, into.multiplicity * sizeIn, out.multiplicity * sizeOut];
      if (paths.length === 0) return zeros(shape);
      const weights = joined(paths.map(({ offset }) => slice(weight as Tensor2D, [0, offset], [functions, into.multiplicity * out.multiplicity])), 0);
      const product = matMul(basis(constant, plan, paths), weights as Tensor2D);
      return reshape(transpose(reshape(product, [points, sizeIn, sizeOut, into.multiplicity, out.multiplicity]), [0, 3, 1, 4, 2]), shape);
    });
    return joined(blocks, 1);
  });
  return joined(columns, 2);
}

/** The adjoint of {@link assemble}. @param dkernel [points, channels in, channels out] @returns [functions, weights of the paths] */
export function assembleBackward(constant: Constant, plan: DenseKernelPlan, dkernel: Tensor): Tensor {
  const { irrepsIn, irrepsOut, points, functions, paths } = plan;
  if (paths.length === 0) return zeros([functions, 0]);
  const [startsIn, startsOut] = [channelStarts(irrepsIn), channelStarts(irrepsOut)];
  const parts = new Map<SteerablePath, Tensor>();
  irrepsOut.forEach((out, entryOut) =>
    irrepsIn.forEach((into, entryIn) => {
      const own = paths.filter((path) => path.entryIn === entryIn && path.entryOut === entryOut);
      if (own.length === 0) return;
      const [sizeIn, sizeOut] = [2 * into.degree + 1, 2 * out.degree + 1];
      const block = slice(dkernel, [0, startsIn[entryIn]!, startsOut[entryOut]!], [points, into.multiplicity * sizeIn, out.multiplicity * sizeOut]);
      const rows = reshape(transpose(reshape(block, [points, into.multiplicity, sizeIn, out.multiplicity, sizeOut]), [0, 2, 4, 1, 3]), [points * sizeIn * sizeOut, into.multiplicity * out.multiplicity]);
      const gradient = matMul(basis(constant, plan, own), rows as Tensor2D, true, false);
      own.forEach((path, n) => parts.set(path, slice(gradient, [n * functions, 0], [functions, -1])));
    }),
  );
  // the paths are in the order of their columns
  return joined(paths.map((path) => parts.get(path)!), 1);
}

export const channels = ({ irrepsIn, irrepsOut }: DenseKernelPlan): [number, number] => [dimension(irrepsIn), dimension(irrepsOut)];

/** Bases of the paths between two entries side by side: [points sizeIn sizeOut, paths functions]. */
const basis = (constant: Constant, { key, functions, basisOf }: DenseKernelPlan, paths: readonly SteerablePath[]): Tensor2D =>
  constant(`basis ${key} ${paths[0]!.entryIn} ${paths[0]!.entryOut}`, () => {
    const each = paths.map(basisOf);
    const [height, width] = [each[0]!.length / functions, paths.length * functions];
    const data = new Float32Array(height * width);
    each.forEach((values, n) => values.forEach((value, at) => (data[Math.floor(at / functions) * width + n * functions + (at % functions)] = value)));
    return { shape: [height, width], data };
  });

const joined = (tensors: Tensor[], axis: number): Tensor => (tensors.length === 1 ? tensors[0]! : concat(tensors, axis));
