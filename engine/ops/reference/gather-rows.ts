/** @file GatherRows in plain loops. */
import { zeros } from './reference';
import type { Reference } from './reference';

export const gatherRows: Reference<'GatherRows'> = ({ weight }, { rows, shape }) => {
  const y = zeros(shape);
  const length = weight.shape.at(-1)!;
  rows.forEach((row, n) => { for (let i = 0; i < length; i++) y.data[n * length + i] = weight.data[row * length + i]; });
  return { y };
};

export const gatherRowsBackward: Reference<'GatherRowsBackward'> = ({ dy }, { rows, shape }) => {
  const dweight = zeros(shape);
  const length = shape.at(-1)!;
  rows.forEach((row, n) => { for (let i = 0; i < length; i++) dweight.data[row * length + i] += dy.data[n * length + i]; });
  return { dweight };
};
