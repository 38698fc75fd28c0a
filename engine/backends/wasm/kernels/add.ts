/** @file Addition of two float32 tensors of one shape: our operator, and how tfjs's tape sums gradients, where it replaces tfjs's plain kernel, which keeps every other case. */
import { Add, getKernel, registerKernel, unregisterKernel, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { loadV128 } from '../assembler';
import { backendName, type HeapTensor, type WasmBackend } from '../backend';
import { elementsPerItem, itemsFor } from './kernel';

export type Addition = (a: HeapTensor, b: HeapTensor) => TensorInfo;

export function addition(backend: WasmBackend): Addition {
  const { add } = backend.machine.load((m) => ({
    add: m.kernel('add', { a: 'i32', b: 'i32', y: 'i32', size: 'i32' }, (f, p, item) => {
      const first = f.i32(item.mul(elementsPerItem));
      const [a, b, y] = [p.a, p.b, p.y].map((pointer) => f.i32(pointer.add(first.shl(2))));
      f.times(p.size.sub(first).min(elementsPerItem).add(3).shr(2), () => {
        f.store(y, loadV128(a).add(loadV128(b)));
        for (const pointer of [a, b, y]) f.advance(pointer, 16);
      });
    }),
  }));
  return (a, b) => {
    const y = backend.output(a.shape);
    add({ a: a.pointer, b: b.pointer, y: y.pointer, size: y.size }, itemsFor(y.size));
    return y.info;
  };
}

export function registerAdd(backend: WasmBackend, add: Addition): void {
  const plain = getKernel(Add, backendName);
  unregisterKernel(Add, backendName);
  registerKernel({
    ...plain,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
      if (a.dtype !== 'float32' || b.dtype !== 'float32' || !util.arraysEqual(a.shape, b.shape)) return plain.kernelFunc(call);
      return add(backend.heapTensor(a), backend.heapTensor(b));
    },
  });
}
