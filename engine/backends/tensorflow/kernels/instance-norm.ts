/** @file InstanceNorm, NormStatistics and ScaleCopies: sums over voxels by tfjs's own, joined over the components of a copy by the membership matrix. */
import { add, div, divNoNan, matMul, mean, mul, reshape, rsqrt, sqrt, square, sub, sum, zeros, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { dimension, type Irreps } from '../../../math/so3/irreps';
import type { NormSize } from '../../../ops/operators';
import { isTrueScalar, membership, perChannel, perCopy, scalarChannels } from './copy-matrices';
import type { Constant, KernelFactory } from './kernel';

type Names = 'InstanceNorm' | 'InstanceNormBackward' | 'NormStatistics' | 'ScaleCopies' | 'ScaleCopiesBackward';

export const instanceNorm: KernelFactory<Names> = (constant) => ({
  InstanceNorm: ({ x, weight, bias }, { irreps, epsilon, by }) => {
    const { centred, squared } = statistics(constant, x, irreps, by);
    return [scaled(constant, centred, irreps, mul(rsqrt(add(squared, epsilon)), weight), bias, x.shape)];
  },
  InstanceNormBackward: ({ dy, x, weight }, { irreps, epsilon, by }) => {
    const { centred, squared, slope } = statistics(constant, x, irreps, by);
    const g = rows(dy, irreps);
    const scale = rsqrt(add(squared, epsilon));
    const along = toCopies(constant, irreps, mul(g, centred));
    const factor = mul(scale, weight);
    const pull = mul(mul(factor, square(scale)), along);
    const dcentred = sub(mul(g, toChannels(constant, irreps, overVoxels(factor))), mul(centred, toChannels(constant, irreps, mul(overVoxels(pull), slope))));
    const dx = sub(dcentred, mul(mean(dcentred, 1, true), losesMean(constant, irreps)));
    return [reshape(dx, x.shape), sum(mul(along, scale), 0), toScalars(constant, irreps, sum(g, [0, 1]), [])];
  },
  NormStatistics: ({ x }, { irreps, by }) => [toScalars(constant, irreps, mean(rows(x, irreps), 1), [x.shape[0]!]), statistics(constant, x, irreps, by).squared],
  ScaleCopies: ({ x, scale, shift }, { irreps }) => [scaled(constant, rows(x, irreps), irreps, scale, shift, x.shape)],
  ScaleCopiesBackward: ({ dy, x }, { irreps }) => [toCopies(constant, irreps, mul(rows(dy, irreps), rows(x, irreps))), toScalars(constant, irreps, sum(rows(dy, irreps), [0, 1]), [])],
});

/** x [batch, voxels, channels] less the mean of its scalars; the squared size of each copy [batch, copies]; half its derivative by an element, over the element [batch or 1, voxels or 1, copies]. */
function statistics(constant: Constant, x: Tensor, irreps: Irreps, by: NormSize = 'root-mean-square'): { centred: Tensor; squared: Tensor; slope: Tensor } {
  const values = rows(x, irreps);
  const voxels = values.shape[1]!;
  const centred = sub(values, mul(mean(values, 1, true), losesMean(constant, irreps)));
  const elements = mul(perCopy(constant, irreps, 'components', ({ degree }) => 2 * degree + 1), voxels);
  const [meanSquare, constantSlope] = [div(toCopies(constant, irreps, square(centred)), elements), reshape(div(1, elements), [1, 1, -1])];
  if (by === 'root-mean-square') return { centred, squared: meanSquare, slope: constantSlope };
  const norms = reshape(sqrt(matMul(reshape(square(centred), [-1, dimension(irreps)]) as Tensor2D, membership(constant, irreps))), [x.shape[0]!, voxels, -1]);
  const meanNorm = mean(norms, 1);
  const byNorm = perCopy(constant, irreps, 'by norm', (copy) => (isTrueScalar(copy) ? 0 : 1));
  const choose = (norm: Tensor, other: Tensor): Tensor => add(mul(norm, byNorm), mul(other, sub(1, byNorm)));
  return { centred, squared: choose(square(meanNorm), meanSquare), slope: choose(div(divNoNan(overVoxels(meanNorm), norms), voxels), constantSlope) };
}

/** values [batch, voxels, channels] times a factor of each copy [batch, copies], plus a shift of each scalar. */
function scaled(constant: Constant, values: Tensor, irreps: Irreps, factor: Tensor, shift: Tensor, shape: number[]): Tensor {
  const y = mul(values, toChannels(constant, irreps, overVoxels(factor)));
  return reshape(shift.size > 0 ? add(y, matMul(reshape(shift, [1, -1]) as Tensor2D, scalarChannels(constant, irreps))) : y, shape);
}

/** [batch, voxels, channels of irreps]: channels over several group elements are as many times the voxels. */
const rows = (x: Tensor, irreps: Irreps): Tensor => reshape(x, [x.shape[0]!, -1, dimension(irreps)]);
const losesMean = (constant: Constant, irreps: Irreps): Tensor => perChannel(constant, irreps, 'loses its mean', (copy) => (isTrueScalar(copy) ? 1 : 0));
/** [batch, copies] to [batch, 1, copies]. */
const overVoxels = (ofCopies: Tensor): Tensor => reshape(ofCopies, [ofCopies.shape[0]!, 1, -1]);
/** [batch, voxels, channels] to sums [batch, copies]. */
const toCopies = (constant: Constant, irreps: Irreps, field: Tensor): Tensor => matMul(sum(field, 1) as Tensor2D, membership(constant, irreps));
/** [batch, n, copies] to [batch, n, channels]. */
const toChannels = (constant: Constant, irreps: Irreps, ofCopies: Tensor): Tensor =>
  reshape(matMul(reshape(ofCopies, [-1, ofCopies.shape[2]!]) as Tensor2D, membership(constant, irreps), false, true), [ofCopies.shape[0]!, ofCopies.shape[1]!, -1]);
/** [..., channels] to [..., scalars]. */
function toScalars(constant: Constant, irreps: Irreps, ofChannels: Tensor, before: number[]): Tensor {
  const places = scalarChannels(constant, irreps);
  const shape = [...before, places.shape[0]];
  return places.shape[0] > 0 ? reshape(matMul(reshape(ofChannels, [-1, places.shape[1]]) as Tensor2D, places, false, true), shape) : zeros(shape);
}
