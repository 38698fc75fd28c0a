/** @file tfjs's plain kernels on our tensors: what they make as a view of another tensor's block is not given back twice. */
import { add, slice, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';

let handle: BackendHandle;
beforeAll(async () => void (handle = await startBackend()));
afterAll(() => handle.dispose());

it.each([0, 2])('a slice from %i of a tensor in the heap outlives it', (from) => {
  const { heap } = handle.backend.machine;
  const before = heap.blocks;
  const four = (value: number) => add(tensor1d([1, 2, 3, 4]), tensor1d([value, value, value, value]));
  const [whole, part] = tidy(() => {
    const sum = four(1);
    return [sum, slice(sum, [from], [2])];
  });
  whole!.dispose();
  // takes the place that was given back
  tidy(() => void four(9));
  expect([...part!.dataSync()]).toEqual([2, 3, 4, 5].slice(from, from + 2));
  part!.dispose();
  expect(heap.blocks).toBe(before);
});
