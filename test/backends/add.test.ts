import { add, tensor, tensor1d } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { randomArray } from './describe-kernel';

let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend({ threads: 2 });
});
afterAll(() => handle.dispose());

it.each([1, 7, 16384, 40_009])('adds %i elements without a plain kernel', (size) => {
  handle.backend.largestFallback = { kernel: '', elements: 0 };
  const [a, b] = ['a', 'b'].map((name) => Float32Array.from(randomArray(name, size).data));
  expect(add(tensor1d(a), tensor1d(b)).dataSync()).toEqual(a.map((value, i) => value + b[i]));
  expect(handle.backend.largestFallback.elements).toBe(0);
});

it('leaves broadcasts and integers to the plain kernel', () => {
  expect([...add(tensor([1, 2, 3, 4], [2, 2]), tensor([10, 20])).dataSync()]).toEqual([11, 22, 13, 24]);
  expect([...add(tensor1d([1, 2], 'int32'), tensor1d([3, 4], 'int32')).dataSync()]).toEqual([4, 6]);
});
