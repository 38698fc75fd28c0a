/** @file The tests every kernel gets: near its reference, the same bits on 1, 2 and 4 threads and with the halves of eight lanes together or apart, no block of the heap left behind. */
import { engine, tensor, type NamedAttrMap, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { Random } from '../../engine/math/random';
import { kernelNameOf, type OperatorName, type Operators } from '../../engine/ops/operators';
import { zeros, type NumberArray } from '../../engine/ops/reference/reference';
import { references } from '../../engine/ops/reference/references';
import { relativeError } from '../support/relative-error';

export interface KernelCase<N extends OperatorName> {
  readonly label: string;
  readonly inputs: Readonly<Record<Operators[N]['inputs'], NumberArray>>;
  readonly attributes: Operators[N]['attributes'];
}
interface KernelRun {
  readonly arrays: readonly ArrayLike<number>[];
  readonly shapes: readonly (readonly number[])[];
  /** Blocks of the heap that a second run left behind. */
  readonly leakedBlocks: number;
}
const ways = [{ threads: 1, wide: false }, { threads: 2, wide: true }, { threads: 4 }];

export function describeKernel<N extends OperatorName>(name: N, cases: readonly KernelCase<N>[], tolerance = 1e-5): void {
  describe(`${name} kernel`, () => {
    /** Outputs of each case in each way. */
    const runs: KernelRun[][] = [];
    beforeAll(async () => {
      for (const way of ways) {
        const handle = await startBackend(way);
        runs.push(cases.map((one) => run(handle, name, one)));
        await handle.dispose();
      }
    }, 120_000);

    describe.each(cases.map((one, index) => [one.label, index] as const))('%s', (_, index) => {
      it('equals its reference', () => {
        const expected = Object.values<NumberArray>(references[name](cases[index].inputs, cases[index].attributes));
        const { arrays, shapes } = runs[0][index];
        expect(shapes).toEqual(expected.map(({ shape }) => [...shape]));
        expected.forEach(({ data }, output) => expect(relativeError(arrays[output], data)).toBeLessThan(tolerance));
      });
      it('has the same bits on any number of threads, eight lanes together or not', () => {
        for (const other of runs.slice(1)) expect(other[index].arrays).toEqual(runs[0][index].arrays);
      });
      it('gives every block back', () => expect(runs.map((all) => all[index].leakedBlocks)).toEqual(ways.map(() => 0)));
    });
  });
}

/** The outputs of one run of a kernel; its tensors are given back. */
export function runOnce<N extends OperatorName>(name: N, { inputs, attributes }: Omit<KernelCase<N>, 'label'>): Pick<KernelRun, 'arrays' | 'shapes'> {
  const tensors = Object.fromEntries(Object.entries<NumberArray>(inputs).map(([key, { shape, data }]) => [key, key === 'labels' ? tensor(Int32Array.from(data), [...shape], 'int32') : tensor(Float32Array.from(data), [...shape], 'float32')]));
  const outputs = engine().runKernel(kernelNameOf(name), tensors, attributes as unknown as NamedAttrMap) as unknown as Tensor[];
  const result = { arrays: outputs.map((t) => t.dataSync()), shapes: outputs.map(({ shape }) => shape) };
  for (const t of [...outputs, ...Object.values(tensors)]) t.dispose();
  return result;
}

function run<N extends OperatorName>({ backend }: BackendHandle, name: N, one: KernelCase<N>): KernelRun {
  const { heap } = backend.machine;
  const result = runOnce(name, one);
  // the first run may have left a larger scratch, the second leaves nothing
  const blocks = heap.blocks;
  runOnce(name, one);
  return { ...result, leakedBlocks: heap.blocks - blocks };
}

/** Uniform in -1..1, rounded to float32, so that the reference in float64 sees the same numbers. */
export function randomArray(name: string, ...shape: number[]): NumberArray {
  const array = zeros(shape);
  const random = Random.stream(1, name);
  for (let i = 0; i < array.data.length; i++) array.data[i] = Math.fround(2 * random.uniform() - 1);
  return array;
}
