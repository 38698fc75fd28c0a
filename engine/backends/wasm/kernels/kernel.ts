/** @file What a kernel file gives: for each of its operators a function from tensors in the heap to tensors in the heap. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OperatorName, Operators } from '../../../ops/operators';
import type { HeapTensor, WasmBackend } from '../backend';

export type KernelFunction<N extends OperatorName> = (inputs: Record<Operators[N]['inputs'], HeapTensor>, attributes: Operators[N]['attributes']) => TensorInfo[];
/** Made once per backend: compiles its module and returns its operators. */
export type KernelFactory<N extends OperatorName> = (backend: WasmBackend) => { [K in N]: KernelFunction<K> };

/** Elements one work item handles in elementwise kernels: fixed, so that the same item always holds the same elements. */
export const elementsPerItem = 16384;
export const itemsFor = (elements: number, perItem = elementsPerItem): number => Math.ceil(elements / perItem);
