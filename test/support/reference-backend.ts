/** @file tfjs's plain CPU backend with every operator run by its slow reference: whole networks in few lines, on small volumes. */
import { registerKernel, setBackend } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/base.js';
import { kernelNameOf } from '../../engine/ops/operators';
import type { OperatorName } from '../../engine/ops/operators';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { references } from '../../engine/ops/reference/references';

type AnyReference = (inputs: Record<string, NumberArray>, attributes: unknown) => Record<string, NumberArray>;

/** Registers the kernels and makes the backend the current one. */
export async function useReferenceBackend(): Promise<void> {
  for (const [name, reference] of Object.entries(references) as [OperatorName, AnyReference][]) {
    registerKernel({
      kernelName: kernelNameOf(name),
      backendName: 'cpu',
      kernelFunc: ({ inputs, backend, attrs }) => {
        const cpu = backend as MathBackendCPU;
        const arrays = Object.fromEntries(Object.entries(inputs).map(([key, info]) => [key, { shape: info!.shape, data: Float64Array.from(cpu.data.get(info!.dataId).values as Float32Array) }]));
        const outputs = Object.entries(reference(arrays, attrs)).map(([key, { shape, data }]): TensorInfo => {
          const values = key === 'labels' ? Int32Array.from(data) : Float32Array.from(data);
          return cpu.makeTensorInfo([...shape], key === 'labels' ? 'int32' : 'float32', values);
        });
        // Adam has no output: it changes its inputs.
        if (name === 'AdamStep') for (const key of ['value', 'mean', 'square']) cpu.data.get(inputs[key]!.dataId).values = Float32Array.from(arrays[key].data);
        return outputs;
      },
    });
  }
  await setBackend('cpu');
}
