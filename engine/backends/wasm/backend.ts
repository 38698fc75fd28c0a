/** @file The `gyra` backend of tfjs: tensors are blocks of shared WebAssembly memory, our operators are kernels on it, everything else falls back to tfjs's plain CPU kernels. */
import { getKernelsForBackend, registerKernel, unregisterKernel, util, type BackendValues, type DataType, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/base.js';
import type { Machine } from './machine';

export const backendName = 'gyra';

/** A tensor in the heap: address in bytes. */
export interface HeapTensor {
  readonly pointer: number;
  readonly shape: readonly number[];
  readonly size: number;
}
export type HeapType = 'float32' | 'int32';

/** Kernels that only relabel a tensor and touch no element. */
const relabelling = new Set(['Reshape', 'Identity', 'Cast', 'ExpandDims', 'Squeeze']);

export class WasmBackend extends MathBackendCPU {
  /** The largest tensor a plain tfjs kernel has read or written since the last reset: the proof that no step falls back. */
  largestFallback = { kernel: '', elements: 0 };
  private made: TensorInfo[] = [];

  constructor(readonly machine: Machine) {
    super();
    // tfjs would advise on the console to install another backend
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  /** A new tensor with undefined contents. */
  output(shape: readonly number[], type: HeapType = 'float32'): HeapTensor & { info: TensorInfo } {
    const size = util.sizeFromShape([...shape]);
    const pointer = this.machine.heap.allocate(size * 4);
    const values = type === 'float32' ? this.machine.heap.floats(pointer, size) : this.machine.heap.integers(pointer, size);
    const info = this.makeTensorInfo([...shape], type, values as unknown as BackendValues);
    this.made.push(info);
    return { pointer, shape, size, info };
  }

  /** Runs a kernel and, when it throws, as on a cancel, gives back the tensors it made. */
  attempt<T>(kernel: () => T): T {
    this.made = [];
    try {
      return kernel();
    } catch (error) {
      for (const { dataId } of this.made) this.disposeData(dataId, true);
      throw error;
    }
  }

  /** The tensor as a block of the heap; values that tfjs holds in an ordinary array move there once. */
  heapTensor(info: TensorInfo): HeapTensor {
    const data = this.data.get(info.dataId) as { values: Float32Array | Int32Array | number[]; dtype: DataType };
    const size = util.sizeFromShape(info.shape);
    if (!this.inHeap(data.values)) {
      const pointer = this.machine.heap.allocate(size * 4);
      const view = info.dtype === 'float32' ? this.machine.heap.floats(pointer, size) : this.machine.heap.integers(pointer, size);
      if (!this.machine.planOnly) view.set(data.values);
      data.values = view;
    }
    return { pointer: (data.values as Float32Array).byteOffset, shape: info.shape, size };
  }
  /** Gives a tensor that a plain kernel made as a view of another's block, as a slice is, values of its own: a block has one owner. */
  ownValues({ dataId }: TensorInfo): void {
    const data = this.data.get(dataId) as { values: Float32Array | Int32Array };
    if (this.inHeap(data.values)) data.values = data.values.slice();
  }
  private inHeap(values: unknown): boolean {
    return ArrayBuffer.isView(values) && values.buffer instanceof SharedArrayBuffer;
  }

  /** A copy: the block may be used for something else once the tensor is disposed. */
  override readSync(dataId: object): BackendValues {
    const values = super.readSync(dataId);
    return this.inHeap(values) ? (values as Float32Array).slice() : values;
  }
  override async read(dataId: object): Promise<BackendValues> {
    return this.readSync(dataId);
  }
  override disposeData(dataId: object, force = false): boolean {
    const values = this.data.has(dataId) ? (this.data.get(dataId) as { values?: unknown }).values : undefined;
    const disposed = super.disposeData(dataId, force);
    if (disposed && this.inHeap(values)) this.machine.heap.release((values as Float32Array).byteOffset);
    return disposed;
  }
}

/** Registers every plain CPU kernel under our name, watched, so that anything in tfjs works and a fall-back shows. */
export function registerFallbacks(backend: WasmBackend): void {
  for (const config of getKernelsForBackend('cpu')) {
    const plain = config.kernelFunc;
    const watched: KernelFunc = (params) => {
      const outputs = plain(params);
      if (relabelling.has(config.kernelName)) return outputs;
      const inputs = Object.values(params.inputs).flat() as TensorInfo[];
      for (const output of [outputs].flat()) if (!inputs.some((input) => input?.dataId === output.dataId)) backend.ownValues(output);
      const all = [...inputs, ...[outputs].flat()];
      for (const tensor of all) {
        const elements = tensor?.shape ? util.sizeFromShape(tensor.shape) : 0;
        if (elements > backend.largestFallback.elements) backend.largestFallback = { kernel: config.kernelName, elements };
      }
      return outputs;
    };
    registerKernel({ ...config, backendName, kernelFunc: watched });
  }
}

export function unregisterKernels(): void {
  for (const { kernelName } of getKernelsForBackend(backendName)) unregisterKernel(kernelName, backendName);
}
