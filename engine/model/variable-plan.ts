/** @file A network's variables before any is made: names, shapes, starting values. Building and counting read the same list. */
import { variable, tensor, type Variable } from '@tensorflow/tfjs-core';
import { Random } from '../math/random';

export interface PlannedVariable {
  /** As in e3nn's state dict. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Drawn from a normal distribution of this standard deviation, or one constant. */
  readonly start: { readonly normal: number } | { readonly constant: number };
  /** Weights that change the output; fewer than all where a radial function meets no tap of the lattice. */
  readonly live?: number;
  /** Gathered in training without gradients: no parameter. */
  readonly isStatistic?: boolean;
}
const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Parameters stored (as e3nn counts them) and live. */
export function countParameters(plan: readonly PlannedVariable[]): { stored: number; live: number } {
  const parameters = plan.filter(({ isStatistic }) => !isStatistic);
  return {
    stored: parameters.reduce((sum, { shape }) => sum + size(shape), 0),
    live: parameters.reduce((sum, { shape, live }) => sum + (live ?? size(shape)), 0),
  };
}

/** Each variable draws from its own stream of the seed: one more never changes the others. */
export function makeVariables(plan: readonly PlannedVariable[], seed: number): Map<string, Variable> {
  return new Map(
    plan.map(({ name, shape, start, isStatistic = false }) => {
      const random = Random.stream(seed, name);
      const values = Float32Array.from({ length: size(shape) }, () => ('normal' in start ? start.normal * random.normal() : start.constant));
      const initial = tensor(values, [...shape]);
      const made = variable(initial, !isStatistic);
      initial.dispose();
      return [name, made];
    }),
  );
}
