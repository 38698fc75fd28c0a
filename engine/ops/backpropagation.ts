/**
 * @file Gradients over tfjs's tape, as its `variableGrads` computes them, but each tensor is freed as soon as the backward pass has read it for the last time: tfjs keeps all of
 * them to the end. And blocks that keep only their inputs and run again for their gradient (Chen et al., arXiv:1604.06174), which tfjs's one global tape does not allow.
 */
import { add, customGrad, engine, onesLike, tidy, Variable, zerosLike, type NamedTensorMap, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { forInputs, isWanted } from './run-operator';

type Tape = ReturnType<typeof engine>['state']['activeTape'];

/** The value of f and its gradients with respect to the variables it reads, by their tfjs names. */
export function valueAndGradients(f: () => Scalar): { value: Scalar; gradients: NamedTensorMap } {
  const { value, tape } = record(f);
  const variables = new Map(tape.flatMap(({ inputs }) => Object.values(inputs)).flatMap((one) => (one instanceof Variable && one.trainable ? [[one.name, one]] : [])));
  const gradients = backpropagate(tape, value, [...variables.values()], tidy(() => onesLike(value)));
  return { value, gradients: Object.fromEntries([...variables.keys()].flatMap((name, i) => (gradients[i] ? [[name, gradients[i]]] : []))) };
}

/**
 * f(...inputs), of which only the inputs are kept for the gradient: the backward pass runs f again. The same bits either way.
 * @param variables all that f reads; f must give the same each time it is run
 */
export function recomputed<T extends Tensor>(f: (...inputs: T[]) => T, inputs: readonly T[], variables: readonly Variable[]): T {
  if (engine().state.gradientDepth === 0) return f(...inputs);
  return customGrad((...read) => {
    const value = f(...inputs);
    const save = read.at(-1) as (tensors: Tensor[]) => void;
    save([...inputs]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const { value, tape } = record(() => f(...(saved as T[])));
        value.dispose();
        const read = [...saved, ...variables];
        const asked = read.filter((_, i) => isWanted(String(i)));
        const gradients = new Map(backpropagate(tape, value, asked, dy).map((gradient, i) => [asked[i], gradient ?? zerosLike(asked[i])]));
        // tfjs wants a tensor for each; nobody reads those that were not asked for
        return read.map((one) => gradients.get(one) ?? one);
      },
    };
  })(...inputs, ...variables) as T;
}

/** Runs f on a tape of its own, also while another one is read backwards. */
export function record<T extends Tensor>(f: () => T): { value: T; tape: Tape } {
  const { state } = engine();
  const { activeTape: outer, gradientDepth } = state;
  state.activeTape = [];
  state.gradientDepth = 1;
  try {
    return { value: tidy(f), tape: state.activeTape };
  } catch (error) {
    state.activeTape.forEach(disposeSaved);
    throw error;
  } finally {
    state.activeTape = outer;
    state.gradientDepth = gradientDepth;
  }
}
const disposeSaved = ({ saved }: Tape[number]): void => saved?.forEach((one) => one.dispose());

/** Gradients of sum(dy value) with respect to each of `of`; undefined where value does not depend on it. Frees what the tape has saved. */
export function backpropagate(tape: Tape, value: Tensor, of: readonly Tensor[], dy: Tensor): (Tensor | undefined)[] {
  const dependent = new Set(of.map(({ id }) => id));
  const nodes = tape.map((node) => {
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => dependent.has(id));
    if (inputs.length) for (const { id } of node.outputs) dependent.add(id);
    return { node, inputs };
  });
  const gradients = new Map<number, Tensor>([[value.id, dy]]);
  try {
    for (const { node, inputs } of nodes.reverse()) {
      const dys = node.outputs.map(({ id }) => gradients.get(id));
      if (inputs.length && dys.some(Boolean))
        for (const [id, gradient] of tidy(() => {
          const made = forInputs(inputs.map(([name]) => name), () => node.gradient!(dys as Tensor[]));
          const sums = new Map<number, Tensor>();
          for (const [name, { id }] of inputs) {
            const before = sums.get(id) ?? gradients.get(id);
            // a clone, because what a gradient gives may be dy itself, or one tensor twice
            sums.set(id, before ? add(before, made[name]!()) : made[name]!().clone());
          }
          return [...sums];
        })) {
          gradients.get(id)?.dispose();
          gradients.set(id, gradient);
        }
      disposeSaved(node);
      for (const { id } of node.outputs) {
        if (id !== value.id) gradients.get(id)?.dispose();
        gradients.delete(id);
      }
    }
  } catch (error) {
    tape.forEach(disposeSaved);
    throw error;
  }
  return of.map(({ id }) => gradients.get(id));
}
