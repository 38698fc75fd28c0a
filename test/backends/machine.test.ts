import { Worker } from 'node:worker_threads';
import { tensor } from '@tensorflow/tfjs-core';
import { engine } from '@tensorflow/tfjs-core';
import { kernelNameOf } from '../../engine/ops/operators';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { loadI32 } from '../../engine/backends/wasm/assembler';
import { Machine } from '../../engine/backends/wasm/machine';

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

it.each([1, 2, 4])('a kernel that reads beyond the memory is an error on %i threads, none of which is waited for in vain afterwards', async (threads) => {
  const machine = await Machine.start({ threads, relaxed: false, cancel: new Int32Array(new SharedArrayBuffer(8)), heapBytes: 8 * 2 ** 20 });
  const { write } = machine.load((m) => ({ write: m.kernel('write', { y: 'i32' }, (f, p, item) => f.store(p.y.add(item.shl(2)), item)) }));
  const y = machine.heap.allocate(4000);
  for (let turn = 0; turn < 20; turn++) {
    expect(() => write({ y: -4096 }, 1000)).toThrow();
    machine.heap.integers(y, 1000).fill(-1);
    write({ y }, 1000);
    expect([...machine.heap.integers(y, 1000)]).toEqual(Array.from({ length: 1000 }, (_, item) => item));
  }
  await machine.stop();
});

describe('a heap that is full', () => {
  it('is an error that says so, and leaves the machine working on blocks of its own', async () => {
    const machine = await Machine.start({ threads: 2, relaxed: false, cancel: new Int32Array(new SharedArrayBuffer(8)), heapBytes: 8 * 2 ** 20 });
    const { heap } = machine;
    // each item writes its number into its thread's scratch and reads it from there into the output
    const { copy } = machine.load((m) => ({
      copy: m.kernel('copy', { y: 'i32' }, (f, p, item, scratch) => {
        f.store(scratch, item);
        f.store(p.y.add(item.shl(2)), loadI32(scratch));
      }),
    }));
    const y = heap.allocate(4000);
    const run = (scratchBytes: number): number[] => {
      heap.integers(y, 1000).fill(-1);
      copy({ y }, 1000, scratchBytes);
      return [...heap.integers(y, 1000)];
    };
    const expected = Array.from({ length: 1000 }, (_, n) => n);
    expect(run(4096)).toEqual(expected);
    expect(() => run(2 ** 26)).toThrow(expect.objectContaining({ code: 'out-of-memory' }));
    // where the scratch was, a block of somebody else's may be now
    const other = heap.allocate(8192);
    heap.integers(other, 2048).fill(7);
    const blocks = heap.blocks;
    expect(run(4096)).toEqual(expected);
    expect(run(65536)).toEqual(expected);
    expect(new Set(heap.integers(other, 2048))).toEqual(new Set([7]));
    expect(heap.blocks).toBe(blocks + 1);
    await machine.stop();
  });
});
