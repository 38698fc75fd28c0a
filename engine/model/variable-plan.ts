/** @file A network's variables before any is made: names, shapes, starting values. Building and counting read the same list. */
import { variable, tensor, zeros, type Variable } from '@tensorflow/tfjs-core';
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

/** Each variable draws from its own stream of the seed: one more never changes the others. With `blank` all are 0 and nothing is drawn. */
export function makeVariables(plan: readonly PlannedVariable[], seed: number | 'blank'): Map<string, Variable> {
  const drawn = ({ name, shape, start }: PlannedVariable, seed: number): Float32Array => {
    const random = Random.stream(seed, name);
    return Float32Array.from({ length: size(shape) }, () => ('normal' in start ? start.normal * random.normal() : start.constant));
  };
  return new Map(
    plan.map((planned) => {
      const { name, shape, isStatistic = false } = planned;
      const initial = seed === 'blank' ? zeros([...shape]) : tensor(drawn(planned, seed), [...shape]);
      const made = variable(initial, !isStatistic);
      initial.dispose();
      return [name, made];
    }),
  );
}
