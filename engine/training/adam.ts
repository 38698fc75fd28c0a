/** @file Adam over the variables of a network, fused and in place. */
import { variable, zeros, type NamedTensorMap, type Variable } from '@tensorflow/tfjs-core';
import { adamStep } from '../ops/adam-step';

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

export class Adam {
  readonly means: ReadonlyMap<string, Variable>;
  readonly squares: ReadonlyMap<string, Variable>;
  /** Steps done. */
  steps = 0;
  constructor(
    private readonly variables: ReadonlyMap<string, Variable>,
    /** Learning rate of a step, counted from 1. */
    private readonly learningRate: (step: number) => number,
  ) {
    const moments = () => new Map([...variables].map(([name, { shape }]) => [name, variable(zeros(shape), false)]));
    this.means = moments();
    this.squares = moments();
  }
  /** One step; gradients by the variables' tfjs names. */
  apply(gradients: NamedTensorMap): void {
    this.steps++;
    const learningRate = this.learningRate(this.steps);
    for (const [name, value] of this.variables) {
      const gradient = gradients[value.name];
      if (gradient) adamStep(value, gradient, this.means.get(name)!, this.squares.get(name)!, { learningRate, beta1, beta2, epsilon, step: this.steps });
    }
  }
  dispose(): void {
    for (const moment of [...this.means.values(), ...this.squares.values()]) moment.dispose();
  }
}
