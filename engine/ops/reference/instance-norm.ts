/** @file InstanceNorm in plain loops. */
import { copiesOf, scalarCopies } from '../../math/so3/irreps';
import type { IrrepCopy } from '../../math/so3/irreps';
import { zeros } from './reference';
import type { NumberArray, Reference } from './reference';

export const instanceNorm: Reference<'InstanceNorm'> = ({ x, weight, bias }, { irreps, epsilon }) => {
  const y = zeros(x.shape);
  forEachCopy(x.shape, copiesOf(irreps), (elements, copy, scalar) => {
    const { centred, scale } = statistics(x, elements, scalar !== undefined, epsilon);
    elements.forEach((at, n) => { y.data[at] = centred[n] * scale * weight.data[copy] + (scalar === undefined ? 0 : bias.data[scalar]); });
  });
  return { y };
};

export const instanceNormBackward: Reference<'InstanceNormBackward'> = ({ dy, x, weight }, { irreps, epsilon }) => {
  const [dx, dweight, dbias] = [zeros(x.shape), zeros(weight.shape), zeros([scalarCopies(irreps)])];
  forEachCopy(x.shape, copiesOf(irreps), (elements, copy, scalar) => {
    const { centred, scale } = statistics(x, elements, scalar !== undefined, epsilon);
    const along = elements.reduce((sum, at, n) => sum + dy.data[at] * centred[n], 0);
    dweight.data[copy] += along * scale;
    const dcentred = elements.map((at, n) => weight.data[copy] * (scale * dy.data[at] - (scale ** 3 * along * centred[n]) / elements.length));
    const mean = scalar === undefined ? 0 : average(dcentred);
    elements.forEach((at, n) => { dx.data[at] = dcentred[n] - mean; });
    if (scalar !== undefined) dbias.data[scalar] += elements.reduce((sum, at) => sum + dy.data[at], 0);
  });
  return { dx, dweight, dbias };
};

/** Visits each batch item and copy with the indices of its elements, its number, and its number among the scalars if it is one. */
function forEachCopy([batch, depth, height, width, channels]: NumberArray['shape'], all: readonly IrrepCopy[], visit: (elements: number[], copy: number, scalar: number | undefined) => void): void {
  const voxels = depth * height * width;
  for (let b = 0; b < batch; b++) {
    let scalars = 0;
    all.forEach(({ start, degree, parity }, copy) => {
      const elements: number[] = [];
      for (let v = 0; v < voxels; v++) for (let k = 0; k <= 2 * degree; k++) elements.push((b * voxels + v) * channels + start + k);
      visit(elements, copy, degree === 0 && parity === 1 ? scalars++ : undefined);
    });
  }
}

function statistics(x: NumberArray, elements: readonly number[], centre: boolean, epsilon: number): { centred: number[]; scale: number } {
  const values = elements.map((at) => x.data[at]);
  const mean = centre ? average(values) : 0;
  const centred = values.map((value) => value - mean);
  return { centred, scale: 1 / Math.sqrt(average(centred.map((value) => value * value)) + epsilon) };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
