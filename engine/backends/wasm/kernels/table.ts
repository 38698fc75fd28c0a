/** @file Every operator's kernel. The type asks for all of `OperatorName`: a missing kernel does not compile. */
import { registerKernel } from '@tensorflow/tfjs-core';
import { kernelNameOf, type OperatorName } from '../../../ops/operators';
import { backendName, type HeapTensor, type WasmBackend } from '../backend';
import type { KernelFunction } from './kernel';
import { leakyRelu } from './leaky-relu';

export type KernelTable = { [N in OperatorName]: KernelFunction<N> };

const kernelTable = (backend: WasmBackend): Partial<KernelTable> => ({
  ...leakyRelu(backend),
});

export function registerKernels(backend: WasmBackend): void {
  for (const [name, kernel] of Object.entries(kernelTable(backend)))
    registerKernel({
      kernelName: kernelNameOf(name as OperatorName),
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const tensors = Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, backend.heapTensor(info!)])) as Record<string, HeapTensor>;
        return (kernel as (i: Record<string, HeapTensor>, a: unknown) => ReturnType<KernelFunction<OperatorName>>)(tensors, attrs);
      },
    });
}
