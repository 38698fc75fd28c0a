/** @file What a kernel file gives: for each of its operators a function from tensors to tensors, composed of tfjs's own operations. */
import { keep, tensor, type Tensor } from '@tensorflow/tfjs-core';
import type { OperatorName, Operators } from '../../../ops/operators';

export type KernelFunction<N extends OperatorName> = (inputs: Record<Operators[N]['inputs'], Tensor>, attributes: Operators[N]['attributes']) => Tensor[];
/** Made once per backend, with the constants it may keep there. */
export type KernelFactory<N extends OperatorName> = (constant: Constant) => { [K in N]: KernelFunction<K> };

/** A constant tensor, made at its first use: matrices of irreps, interpolation and kernel bases are the same in every step. */
export type Constant = <T extends Tensor>(key: string, make: () => { readonly shape: readonly number[]; readonly data: ArrayLike<number> }) => T;

export function createConstants(): Constant {
  const made = new Map<string, Tensor>();
  return <T extends Tensor>(key: string, make: () => { readonly shape: readonly number[]; readonly data: ArrayLike<number> }): T => {
    const found = made.get(key);
    if (found) return found as T;
    const { shape, data } = make();
    const fresh = keep(tensor(Float32Array.from(data), [...shape], 'float32'));
    made.set(key, fresh);
    return fresh as T;
  };
}
