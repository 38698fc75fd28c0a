/** @file Runs the operators' examples on the current backend, and says how far two backends are apart. */
import { tensor, tidy, variable, type Tensor } from '@tensorflow/tfjs-core';
import type { OperatorName } from '../ops/operators';
import { runOperator, type OperatorInputs } from '../ops/run-operator';
import { operatorExamples, type ExampleInput } from './operator-examples';

/** Outputs by operator, example and position; what an operator without outputs has changed. */
export type ExampleOutputs = ReadonlyMap<string, ArrayLike<number>>;

export function runExamples(): ExampleOutputs {
  const results = new Map<string, ArrayLike<number>>();
  for (const [name, examples] of Object.entries(operatorExamples()) as [OperatorName, readonly { inputs: Record<string, ExampleInput>; attributes: object }[]][])
    examples.forEach(({ inputs, attributes }, example) =>
      tidy(() => {
        const tensors = Object.fromEntries(Object.entries(inputs).map(([key, { shape, data }]): [string, Tensor] => [key, tensor(data.slice(), [...shape], data instanceof Int32Array ? 'int32' : 'float32')]));
        const changed = name === 'AdamStep' ? Object.entries(tensors).map(([key, value]) => [key, (tensors[key] = variable(value, false))] as const) : [];
        const outputs = runOperator(name, tensors as OperatorInputs<OperatorName>, attributes as never);
        for (const [key, output] of [...outputs.entries(), ...changed]) results.set(`${name}/${example}/${key}`, output.dataSync());
        for (const [, one] of changed) one.dispose();
      }),
    );
  return results;
}

export interface LargestError {
  readonly operator: string;
  /** Largest error over largest value; Infinity where a value is not finite. */
  readonly error: number;
}

/** The output that is farthest from what is expected. */
export function largestError(actual: ExampleOutputs, expected: ExampleOutputs): LargestError {
  let worst: LargestError = { operator: 'none', error: 0 };
  for (const [key, values] of expected) {
    const error = relativeError(actual.get(key) ?? [], values);
    if (!(error <= worst.error)) worst = { operator: key.split('/')[0]!, error };
  }
  return worst;
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [error, size] = [0, 0];
  for (let n = 0; n < expected.length; n++) {
    if (!Number.isFinite(actual[n])) return Infinity;
    error = Math.max(error, Math.abs(actual[n]! - expected[n]!));
    size = Math.max(size, Math.abs(expected[n]!));
  }
  return error / (size || 1);
}
