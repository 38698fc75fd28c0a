/** @file MaxPool: each voxel of a window gets a share of the result, the first largest even scalar all of it, equal norms equal parts. */
import { add, addN, cast, concat, div, greaterEqual, matMul, maximum, mul, reshape, split, square, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import type { AlongAxes } from '../../../contract/network-sizes';
import { copiesOf, dimension, type Irreps } from '../../../math/so3/irreps';
import { poolingTie } from '../../../ops/operators';
import { membership } from './copy-matrices';
import { firstLargest } from './first-largest';
import type { Constant, KernelFactory } from './kernel';
import { fromWindowVoxels, windowVoxels, type WindowExtent } from './windows';

export const maxPool: KernelFactory<'MaxPool' | 'MaxPoolBackward'> = (constant) => ({
  MaxPool: ({ x }, { irreps, extent, tie }) => {
    const voxels = windowVoxels(x, alongZyx(extent));
    return [addN(shares(constant, voxels, irreps, tie).map((share, n) => mul(share, voxels[n]!)))];
  },
  MaxPoolBackward: ({ dy, x }, { irreps, extent, tie }) => [fromWindowVoxels(shares(constant, windowVoxels(x, alongZyx(extent)), irreps, tie).map((share) => mul(share, dy)), alongZyx(extent))],
});

const alongZyx = ([x, y, z]: AlongAxes): WindowExtent => [z, y, x];

/** For each voxel of the windows, by channel: what part of the result is its value. */
function shares(constant: Constant, voxels: readonly Tensor[], irreps: Irreps, tie = poolingTie): Tensor[] {
  const copies = copiesOf(irreps);
  const runs = runsOf(irreps);
  const byRun = runs.map(({ irreps: run, isScalar, width }, n) => {
    const before = runs.slice(0, n).reduce((sum, one) => sum + one.width, 0);
    const after = dimension(irreps) - before - width;
    const values = voxels.map((voxel) => split(voxel, [before, width, after].filter((size) => size > 0), 4)[before > 0 ? 1 : 0]!);
    return isScalar ? firstLargest(values) : largestNorms(constant, values, run, tie);
  });
  return copies.length === 0 ? [] : voxels.map((_, voxel) => (byRun.length === 1 ? byRun[0]![voxel]! : concat(byRun.map((run) => run[voxel]!), 4)));
}

/** Neighbouring entries that are all even scalars, pooled by value, or none of them. */
function runsOf(irreps: Irreps): { irreps: Irreps; isScalar: boolean; width: number }[] {
  const runs: { irreps: Irreps; isScalar: boolean; width: number }[] = [];
  for (const entry of irreps.filter(({ multiplicity }) => multiplicity > 0)) {
    const isScalar = entry.degree === 0 && entry.parity === 1;
    const last = runs.at(-1);
    if (last?.isScalar === isScalar) runs[runs.length - 1] = { irreps: [...last.irreps, entry], isScalar, width: last.width + dimension([entry]) };
    else runs.push({ irreps: [entry], isScalar, width: dimension([entry]) });
  }
  return runs;
}

function largestNorms(constant: Constant, values: readonly Tensor[], irreps: Irreps, tie: number): Tensor[] {
  const belongs = membership(constant, irreps);
  const norms = values.map((value) => matMul(reshape(square(value), [-1, dimension(irreps)]) as Tensor2D, belongs));
  const limit = mul(norms.reduce((a, b) => maximum(a, b)), 1 - tie);
  const winners = norms.map((norm) => cast(greaterEqual(norm, limit), 'float32'));
  const count = winners.reduce((a, b) => add(a, b));
  return winners.map((winner, n) => reshape(matMul(div(winner, count) as Tensor2D, belongs, false, true), values[n]!.shape));
}
