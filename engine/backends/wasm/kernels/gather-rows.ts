/** @file GatherRows and its gradient: weights are few beside the voxels they serve, so plain loops do. */
import type { KernelFactory } from './kernel';

export const gatherRows: KernelFactory<'GatherRows' | 'GatherRowsBackward'> = (backend) => {
  const { heap } = backend.machine;
  return {
    GatherRows: ({ weight }, { rows, shape }) => {
      const y = backend.output(shape);
      const length = weight.shape.at(-1)!;
      const [from, to] = [heap.floats(weight.pointer, weight.size), heap.floats(y.pointer, y.size)];
      for (let n = 0; n < rows.length; n++) for (let i = 0, at = rows[n] * length; i < length; i++) to[n * length + i] = from[at + i];
      return [y.info];
    },
    GatherRowsBackward: ({ dy }, { rows, shape }) => {
      const dweight = backend.output(shape);
      const length = shape.at(-1)!;
      const from = heap.floats(dy.pointer, dy.size);
      const total = new Float64Array(dweight.size);
      for (let n = 0; n < rows.length; n++) for (let i = 0, at = rows[n] * length; i < length; i++) total[at + i] += from[n * length + i];
      heap.floats(dweight.pointer, dweight.size).set(total);
      return [dweight.info];
    },
  };
};
