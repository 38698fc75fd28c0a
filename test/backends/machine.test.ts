import { Worker } from 'node:worker_threads';
import { tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import { kernelNameOf } from '../../engine/ops/operators';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';

describe.each([1, 2, 4])('the machine on %i threads', (threads) => {
  let handle: BackendHandle;
  const cancel = new Int32Array(new SharedArrayBuffer(8));
  beforeAll(async () => {
    handle = await startBackend({ threads, cancel });
  });
  afterAll(() => handle.dispose());

  it('starts the threads asked for', () => expect([handle.threads, handle.mode]).toEqual([threads, 'threads']));

  it('runs a kernel over all work items', () => {
    const x = tensor(Float32Array.from({ length: 100_003 }, (_, i) => i - 50_000));
    const [y] = engine().runKernel(kernelNameOf('LeakyRelu'), { x }, { slope: 0.5 }) as unknown as [typeof x];
    const values = y.dataSync();
    expect(values.length).toBe(100_003);
    expect(values.every((v, i) => v === (i < 50_000 ? (i - 50_000) / 2 : i - 50_000))).toBe(true);
    x.dispose();
    y.dispose();
  });

  it('stops with `cancelled` when the flag is up, and works again after', () => {
    const x = tensor([1, -1]);
    const { heap } = handle.backend.machine;
    engine().runKernel(kernelNameOf('LeakyRelu'), { x }, { slope: 0.5 });
    const before = heap.blocks;
    cancel[0] = 1;
    expect(() => engine().runKernel(kernelNameOf('LeakyRelu'), { x }, { slope: 0.5 })).toThrow('cancelled');
    expect(heap.blocks).toBe(before);
    cancel[0] = 0;
    const [y] = engine().runKernel(kernelNameOf('LeakyRelu'), { x }, { slope: 0.5 }) as unknown as [typeof x];
    expect([...y.dataSync()]).toEqual([1, -0.5]);
  });

  it('waits before a kernel while the second word is up', () => {
    const released = new Int32Array(new SharedArrayBuffer(4));
    cancel[1] = 1;
    new Worker('const { cancel, released } = require("worker_threads").workerData; released[0] = 1; Atomics.store(cancel, 1, 0); Atomics.notify(cancel, 1);', { eval: true, workerData: { cancel, released } });
    const x = tensor([1, -1]);
    engine().runKernel(kernelNameOf('LeakyRelu'), { x }, { slope: 0.5 });
    expect(released[0]).toBe(1);
  });

  it('gives every block back', () => {
    const { heap } = handle.backend.machine;
    const before = heap.usedBytes;
    for (let i = 0; i < 50; i++) {
      const x = tensor(new Float32Array(1000 * (i + 1)));
      const [y] = engine().runKernel(kernelNameOf('LeakyRelu'), { x }, { slope: 0.5 }) as unknown as [typeof x];
      x.dispose();
      y.dispose();
    }
    expect(heap.usedBytes).toBe(before);
  });
});
