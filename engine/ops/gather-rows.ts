/**
 * @file Rows of a weight taken in any order, each as often as wanted: how one stored kernel serves every element of a group.
 *
 * With rows along the last axis, y[n] = weight[rows[n]]; the gradient adds what comes back: dweight[r] = sum of dy[n] over n with rows[n] = r.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { badInput } from '../contract/problem';
import type { RowAttributes } from './operators';
import { defineGradient, runOperator } from './run-operator';

/**
 * @param weight [..., length of a row]
 * @returns of attributes.shape, whose rows may be cut or joined: only the number of elements counts
 * @throws GyraError on another number of rows, or a row that is not there
 */
export function gatherRows<T extends Tensor>(weight: Tensor, attributes: RowAttributes): T {
  const { rows, shape } = attributes;
  const length = weight.shape.at(-1)!;
  const stored = weight.size / length;
  if (rows.length * length !== shape.reduce((product, size) => product * size, 1)) throw badInput(`GatherRows got ${rows.length} rows of ${length} for the shape [${shape.join(', ')}].`, 'Name as many rows as the shape holds.');
  if (rows.some((row) => !(row >= 0 && row < stored))) throw badInput(`GatherRows got a row that is not among the ${stored} of its weight.`, `Number rows from 0 to ${stored - 1}.`);
  return runOperator('GatherRows', { weight }, attributes)[0] as T;
}

defineGradient('GatherRows', ['weight'], (dy, [weight], { rows }) => ({ weight: () => runOperator('GatherRowsBackward', { dy }, { rows, shape: weight.shape })[0] }));
