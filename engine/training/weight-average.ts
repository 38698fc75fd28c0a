/** @file An exponential moving average of a network's weights over steps, in which early steps do not count too much (bias-corrected as Adam's moments: Kingma and Ba, arXiv:1412.6980). */
import { tensor, type Variable } from '@tensorflow/tfjs-core';

export class WeightAverage {
  /** decay s + (1 - decay) w after each step, from 0; the average after n steps is s / (1 - decay^n). */
  readonly sums: ReadonlyMap<string, Float32Array>;
  private weights: ReadonlyMap<string, Float32Array> | null = null;
  constructor(
    private readonly variables: ReadonlyMap<string, Variable>,
    private readonly decay: number,
  ) {
    this.sums = new Map([...variables].map(([name, { size }]) => [name, new Float32Array(size)]));
  }

  /** To be called after each step. */
  add(): void {
    for (const [name, value] of this.variables) {
      const sum = this.sums.get(name)!;
      const weights = value.dataSync<'float32'>();
      for (let i = 0; i < sum.length; i++) sum[i] = this.decay * sum[i]! + (1 - this.decay) * weights[i]!;
    }
  }

  /** Puts the average after so many steps in the place of the weights, until {@link takeOut}. */
  putIn(steps: number): void {
    this.weights = new Map([...this.variables].map(([name, value]) => [name, Float32Array.from(value.dataSync())]));
    const correction = 1 - this.decay ** steps;
    for (const [name, value] of this.variables) assign(value, this.sums.get(name)!.map((sum) => sum / correction));
  }

  takeOut(): void {
    for (const [name, value] of this.variables) assign(value, this.weights!.get(name)!);
    this.weights = null;
  }
}

function assign(value: Variable, data: Float32Array): void {
  const replacement = tensor(data, value.shape);
  value.assign(replacement);
  replacement.dispose();
}
