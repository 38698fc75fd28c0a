/** @file InstanceNorm and NormStatistics in plain loops. */
import { copiesOf, scalarCopies } from '../../math/so3/irreps';
import type { IrrepCopy } from '../../math/so3/irreps';
import type { NormSize } from '../operators';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const instanceNorm: Reference<'InstanceNorm'> = ({ x, weight, bias }, { irreps, epsilon, by }) => {
  const y = zeros(x.shape);
  forEachCopy(x, copiesOf(irreps), ({ elements, copy, scalar }) => {
    const { centred, square } = statistics(x, elements, scalar !== undefined, by);
    const scale = 1 / Math.sqrt(square + epsilon);
    elements.flat().forEach((at, n) => { y.data[at] = centred[n] * scale * weight.data[copy] + (scalar === undefined ? 0 : bias.data[scalar]); });
  });
  return { y };
};

export const instanceNormBackward: Reference<'InstanceNormBackward'> = ({ dy, x, weight }, { irreps, epsilon, by }) => {
  const [dx, dweight, dbias] = [zeros(x.shape), zeros(weight.shape), zeros([scalarCopies(irreps)])];
  forEachCopy(x, copiesOf(irreps), ({ elements, copy, scalar }) => {
    const { centred, square } = statistics(x, elements, scalar !== undefined, by);
    const [scale, all, size] = [1 / Math.sqrt(square + epsilon), elements.flat(), elements[0].length];
    const along = all.reduce((sum, at, n) => sum + dy.data[at] * centred[n], 0);
    dweight.data[copy] += along * scale;
    const dcentred = all.map((at, n) => {
      // half the derivative of the squared size by this element
      const norm = Math.hypot(...centred.slice(n - (n % size), n - (n % size) + size));
      const dsquare = by === 'mean-norm' && scalar === undefined ? (norm === 0 ? 0 : (Math.sqrt(square) * centred[n]) / norm / elements.length) : centred[n] / all.length;
      return weight.data[copy] * (scale * dy.data[at] - scale ** 3 * along * dsquare);
    });
    const mean = scalar === undefined ? 0 : average(dcentred);
    all.forEach((at, n) => { dx.data[at] = dcentred[n] - mean; });
    if (scalar !== undefined) dbias.data[scalar] += all.reduce((sum, at) => sum + dy.data[at], 0);
  });
  return { dx, dweight, dbias };
};

export const normStatistics: Reference<'NormStatistics'> = ({ x }, { irreps, by }) => {
  const all = copiesOf(irreps);
  const [mean, square] = [zeros([x.shape[0], scalarCopies(irreps)]), zeros([x.shape[0], all.length])];
  forEachCopy(x, all, ({ elements, item, copy, scalar }) => {
    const found = statistics(x, elements, scalar !== undefined, by);
    square.data[item * all.length + copy] = found.square;
    if (scalar !== undefined) mean.data[item * mean.shape[1] + scalar] = found.mean;
  });
  return { mean, square };
};

interface CopyOfItem {
  /** Indices of the elements, voxel by voxel. */
  readonly elements: readonly number[][];
  readonly item: number;
  readonly copy: number;
  /** Number among the even scalars if it is one. */
  readonly scalar: number | undefined;
}

/** Channels over several group elements are as many times the voxels. */
function forEachCopy({ shape: [batch], data }: NumberArray, all: readonly IrrepCopy[], visit: (one: CopyOfItem) => void): void {
  const channels = all.reduce((sum, { degree }) => sum + 2 * degree + 1, 0);
  const voxels = data.length / (batch * channels);
  for (let item = 0; item < batch; item++) {
    let scalars = 0;
    all.forEach(({ start, degree, parity }, copy) => {
      const elements = Array.from({ length: voxels }, (_, v) => Array.from({ length: 2 * degree + 1 }, (_, k) => (item * voxels + v) * channels + start + k));
      visit({ elements, item, copy, scalar: degree === 0 && parity === 1 ? scalars++ : undefined });
    });
  }
}

/** Even scalars lose their mean. The squared size is the mean square component, or the square of the mean norm. */
function statistics(x: NumberArray, elements: readonly number[][], isScalar: boolean, by: NormSize = 'root-mean-square'): { mean: number; centred: number[]; square: number } {
  const values = elements.flat().map((at) => x.data[at]);
  const mean = isScalar ? average(values) : 0;
  const centred = values.map((value) => value - mean);
  const square = by === 'mean-norm' && !isScalar ? average(elements.map((voxel) => Math.hypot(...voxel.map((at) => x.data[at])))) ** 2 : average(centred.map((value) => value * value));
  return { mean, centred, square };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
