/** @file What a slow reference of an operator looks like. */
import type { OperatorName, Operators } from '../operators';

/** A tensor in float64, row-major. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Plain loops in float64. Outputs come as keys in the order of `Operators[N]['outputs']`. */
export type Reference<N extends OperatorName> = (
  inputs: Readonly<Record<Operators[N]['inputs'], NumberArray>>,
  attributes: Operators[N]['attributes'],
) => Record<Operators[N]['outputs'][number], NumberArray>;

export const zeros = (shape: readonly number[]): NumberArray => ({ shape, data: new Float64Array(shape.reduce((product, size) => product * size, 1)) });
