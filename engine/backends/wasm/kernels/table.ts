/** @file Every operator's kernel. The type asks for all of `OperatorName`: a missing kernel does not compile. */
import { registerKernel } from '@tensorflow/tfjs-core';
import { kernelNameOf, type OperatorName } from '../../../ops/operators';
import { backendName, type HeapTensor, type WasmBackend } from '../backend';
import type { KernelFunction } from './kernel';
import { adamStep } from './adam-step';
import { addition, registerAdd, type Addition } from './add';
import { argMaxChannels } from './arg-max-channels';
import { convolution } from './convolution';
import { depthwiseConvolution } from './depthwise-convolution';
import { gatherRows } from './gather-rows';
import { gate } from './gate';
import { groupMaximum } from './group-maximum';
import { instanceNorm } from './instance-norm';
import { leakyRelu } from './leaky-relu';
import { maxPool } from './max-pool';
import { resample } from './resample';
import { scaleCopies } from './scale-copies';
import { segmentationLoss } from './segmentation-loss';
import { selfConnection } from './self-connection';
import { steerableConvolution } from './steerable-convolution';

export type KernelTable = { [N in OperatorName]: KernelFunction<N> };

const kernelTable = (backend: WasmBackend, add: Addition): KernelTable => ({
  ...adamStep(backend),
  ...argMaxChannels(backend),
  ...convolution(backend),
  ...depthwiseConvolution(backend),
  ...gatherRows(backend),
  ...gate(backend),
  ...groupMaximum(backend),
  ...instanceNorm(backend),
  ...leakyRelu(backend),
  ...maxPool(backend),
  ...resample(backend),
  ...scaleCopies(backend),
  ...segmentationLoss(backend),
  ...selfConnection(backend),
  ...steerableConvolution(backend),
  Sum: ({ a, b }) => [add(a, b)],
});

export function registerKernels(backend: WasmBackend): void {
  const add = addition(backend);
  registerAdd(backend, add);
  for (const [name, kernel] of Object.entries(kernelTable(backend, add)))
    registerKernel({
      kernelName: kernelNameOf(name as OperatorName),
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const tensors = Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, backend.heapTensor(info!)])) as Record<string, HeapTensor>;
        return backend.attempt(() => (kernel as (i: Record<string, HeapTensor>, a: unknown) => ReturnType<KernelFunction<OperatorName>>)(tensors, attrs));
      },
    });
}
