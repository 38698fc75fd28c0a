/** @file Calls an operator's kernel on the current backend, tells whoever records, and wires its gradient, typed by `Operators`. Names in tfjs's registries are prefixed (`kernelNameOf`): its own LeakyRelu and MaxPool mean something else. */
import { engine, registerGradient, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { kernelNameOf, type OperatorName, type Operators } from './operators';

export type OperatorInputs<N extends OperatorName> = Record<Operators[N]['inputs'], Tensor>;

/** One call of an operator: what it read, how, what it gave, and how long it took. */
export type OperatorCall = {
  readonly [N in OperatorName]: { readonly name: N; readonly inputs: OperatorInputs<N>; readonly attributes: Operators[N]['attributes']; readonly outputs: readonly Tensor[]; readonly milliseconds: number };
}[OperatorName];

let record: ((call: OperatorCall) => void) | undefined;

/** Runs a function and hands over every operator it calls, in order. The tensors may be gone when the function returns. */
export function recordOperators(to: (call: OperatorCall) => void, run: () => void): void {
  const outer = record;
  record = to;
  try {
    run();
  } finally {
    record = outer;
  }
}

/** The outputs in the order of `Operators[name].outputs`. */
export function runOperator<N extends OperatorName>(name: N, inputs: OperatorInputs<N>, attributes: Operators[N]['attributes']): Tensor[] {
  const begun = performance.now();
  const result = engine().runKernel(kernelNameOf(name), inputs as unknown as NamedTensorMap, attributes as unknown as NamedAttrMap) as unknown as Tensor | Tensor[];
  const outputs = Array.isArray(result) ? result : [result];
  record?.({ name, inputs, attributes, outputs, milliseconds: performance.now() - begun } as unknown as OperatorCall);
  return outputs;
}

let wanted: ReadonlySet<string> | undefined;

/** Runs a gradient function of which only these inputs' gradients will be read. */
export function forInputs<T>(names: Iterable<string>, gradient: () => T): T {
  const outer = wanted;
  wanted = new Set(names);
  try {
    return gradient();
  } finally {
    wanted = outer;
  }
}
/** Whether the gradient function being run is asked for this input; tfjs's own functions ask for all. */
export const isWanted = (name: string): boolean => wanted?.has(name) ?? true;

/** Registers the gradient of an operator: from dy and the saved inputs to a lambda for each input. tfjs runs each lambda in its own tidy, so what several of them share must be computed before they are returned. */
export function defineGradient<N extends OperatorName>(
  name: N,
  save: readonly Operators[N]['inputs'][],
  gradient: (dy: Tensor, saved: Tensor[], attributes: Operators[N]['attributes']) => { [K in Operators[N]['inputs']]?: () => Tensor },
): void {
  registerGradient({
    kernelName: kernelNameOf(name),
    inputsToSave: [...save],
    gradFunc: (dy, saved, attributes) => gradient(dy as Tensor, saved, attributes as unknown as Operators[N]['attributes']) as Record<string, () => Tensor>,
  });
}
