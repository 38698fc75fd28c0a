/** @file Self-connection and its gradients. The map is a matrix with a row for each input channel that is used; its adjoint is the same kernel with the matrix turned. */
import { channelStarts, dimension, scalarCopies } from '../../../math/so3/irreps';
import { selfPathsOf } from '../../../math/so3/steerable-paths';
import type { IrrepsPair } from '../../../ops/operators';
import { loadI32, loadSplat, loadV128, V128 } from '../assembler';
import type { HeapTensor } from '../backend';
import { itemsOfVoxels, voxelsPerItem, writeRows } from '../voxel-rows';
import type { KernelFactory } from './kernel';

/** One non-zero element of the matrix: coefficient times a weight. */
interface Term {
  readonly weight: number;
  readonly channelIn: number;
  readonly channelOut: number;
  readonly coefficient: number;
}

export const selfConnection: KernelFactory<'SelfConnection' | 'SelfConnectionBackward'> = (backend) => {
  const { heap } = backend.machine;
  const kernels = backend.machine.load((m) => ({
    // y = constant + sum over rows of x[offset of row] times the row; a row of the matrix is `vectors` long
    map: m.kernel('map', { x: 'i32', y: 'i32', voxels: 'i32', channelsIn: 'i32', channelsOut: 'i32', offsets: 'i32', rows: 'i32', constant: 'i32', matrix: 'i32', vectors: 'i32' }, (f, p, item, scratch) => {
      const first = f.i32(item.mul(voxelsPerItem));
      const x = f.i32(p.x.add(first.mul(p.channelsIn).shl(2)));
      const rowBytes = f.i32(p.channelsOut.shl(2));
      const rowOfMatrix = f.i32(p.vectors.shl(4));
      const [to, offsetAt, constant, column, matrix] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()];
      const sum = f.v128();
      writeRows(f, { target: f.i32(p.y.add(first.mul(rowBytes))), count: f.i32(p.voxels.sub(first).min(voxelsPerItem)), rowBytes, scratch }, (row) => {
        f.set(to, row);
        f.set(constant, p.constant);
        f.set(column, p.matrix);
        f.times(p.vectors, () => {
          f.set(sum, loadV128(constant));
          f.set(offsetAt, p.offsets);
          f.set(matrix, column);
          f.times(p.rows, () => {
            f.set(sum, f.multiplyAdd(loadSplat(x.add(loadI32(offsetAt))), loadV128(matrix), sum));
            f.advance(offsetAt, 4);
            f.advance(matrix, rowOfMatrix);
          });
          f.store(to, sum);
          for (const pointer of [to, constant, column]) f.advance(pointer, 16);
        });
        f.advance(x, p.channelsIn.shl(2));
      });
    }),
    // sums over an item's voxels: a row of dy, then for each offset x[offset] dy; lanes past the last channel hold rubbish
    products: m.kernel('products', { x: 'i32', dy: 'i32', voxels: 'i32', channelsIn: 'i32', channelsOut: 'i32', offsets: 'i32', rows: 'i32', sums: 'i32', vectors: 'i32' }, (f, p, item) => {
      const first = f.i32(item.mul(voxelsPerItem));
      const [x, dy] = [f.i32(p.x.add(first.mul(p.channelsIn).shl(2))), f.i32(p.dy.add(first.mul(p.channelsOut).shl(2)))];
      const bytes = f.i32(p.vectors.mul(p.rows.add(1)).shl(4));
      const sums = f.i32(p.sums.add(item.mul(bytes)));
      const [to, from, offsetAt] = [f.i32(), f.i32(), f.i32()];
      const factor = f.v128();
      const addRow = (): void => {
        f.set(from, dy);
        f.times(p.vectors, () => {
          f.store(to, f.multiplyAdd(factor, loadV128(from), loadV128(to)));
          f.advance(to, 16);
          f.advance(from, 16);
        });
      };
      f.fillZero(sums, bytes);
      f.times(p.voxels.sub(first).min(voxelsPerItem), () => {
        f.set(to, sums);
        f.set(factor, V128.of(1));
        addRow();
        f.set(offsetAt, p.offsets);
        f.times(p.rows, () => {
          f.set(factor, loadSplat(x.add(loadI32(offsetAt))));
          addRow();
          f.advance(offsetAt, 4);
        });
        f.advance(x, p.channelsIn.shl(2));
        f.advance(dy, p.channelsOut.shl(2));
      });
    }),
  }));
  /** y = constant + x times the matrix given by its non-zero elements. */
  const map = (x: HeapTensor, y: HeapTensor, elements: readonly { from: number; to: number; value: number }[], bias: ArrayLike<number>): void => {
    const [channelsIn, channelsOut] = [x.shape.at(-1)!, y.shape.at(-1)!];
    const [used, padded, voxels] = [usedChannels(elements.map(({ from }) => from)), paddedTo4(channelsOut), x.size / channelsIn];
    heap.borrow((used.length + 1) * padded * 4, (matrix) =>
      heap.borrow(used.length * 4, (offsets) => {
        const values = heap.floats(matrix, (used.length + 1) * padded).fill(0);
        values.set(bias);
        for (const { from, to, value } of elements) values[(used.indexOf(from) + 1) * padded + to] = value;
        heap.integers(offsets, used.length).set(used.map((channel) => channel * 4));
        const matrixStart = matrix + padded * 4;
        kernels.map({ x: x.pointer, y: y.pointer, voxels, channelsIn, channelsOut, offsets, rows: used.length, constant: matrix, matrix: matrixStart, vectors: padded / 4 }, itemsOfVoxels(voxels), padded * 4 + 16);
      }),
    );
  };
  return {
    SelfConnection: ({ x, weight, bias }, irreps) => {
      const y = backend.output([...x.shape.slice(0, -1), dimension(irreps.irrepsOut)]);
      const weights = heap.floats(weight.pointer, weight.size);
      map(x, y, termsOf(irreps).map((term) => ({ from: term.channelIn, to: term.channelOut, value: term.coefficient * weights[term.weight] })), heap.floats(bias.pointer, bias.size));
      return [y.info];
    },
    SelfConnectionBackward: ({ dy, x, weight }, irreps) => {
      const [dx, dweight, dbias] = [backend.output(x.shape), backend.output(weight.shape), backend.output([scalarCopies(irreps.irrepsOut)])];
      const terms = termsOf(irreps);
      const weights = heap.floats(weight.pointer, weight.size);
      map(dy, dx, terms.map((term) => ({ from: term.channelOut, to: term.channelIn, value: term.coefficient * weights[term.weight] })), []);
      const [channelsIn, channelsOut] = [x.shape.at(-1)!, dy.shape.at(-1)!];
      const [used, padded, voxels] = [usedChannels(terms.map(({ channelIn }) => channelIn)), paddedTo4(channelsOut), x.size / channelsIn];
      const items = itemsOfVoxels(voxels);
      const sumsInItem = (used.length + 1) * padded;
      const totals = new Float64Array(sumsInItem);
      heap.borrow(items * sumsInItem * 4, (sums) =>
        heap.borrow(used.length * 4, (offsets) => {
          heap.integers(offsets, used.length).set(used.map((channel) => channel * 4));
          kernels.products({ x: x.pointer, dy: dy.pointer, voxels, channelsIn, channelsOut, offsets, rows: used.length, sums, vectors: padded / 4 }, items);
          heap.floats(sums, items * sumsInItem).forEach((value, n) => { totals[n % sumsInItem] += value; });
        }),
      );
      const gradient = new Float64Array(weight.size);
      for (const { weight: index, channelIn, channelOut, coefficient } of terms) gradient[index] += coefficient * totals[(used.indexOf(channelIn) + 1) * padded + channelOut];
      heap.floats(dweight.pointer, dweight.size).set(gradient);
      heap.floats(dbias.pointer, dbias.size).set(totals.subarray(0, dbias.size));
      return [dx.info, dweight.info, dbias.info];
    },
  };
};

/** Each weight joins a copy to a copy: one term for each of their components. */
function termsOf({ irrepsIn, irrepsOut }: IrrepsPair): Term[] {
  const [startsIn, startsOut] = [channelStarts(irrepsIn), channelStarts(irrepsOut)];
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  return selfPathsOf(irrepsIn, irrepsOut).flatMap(({ entryIn, entryOut, offset, multiplicityIn, multiplicityOut, coefficient }) => {
    const size = 2 * irrepsIn[entryIn].degree + 1;
    return upTo(multiplicityIn).flatMap((u) =>
      upTo(multiplicityOut).flatMap((w) =>
        upTo(size).map((k) => ({ weight: offset + u * multiplicityOut + w, channelIn: startsIn[entryIn] + u * size + k, channelOut: startsOut[entryOut] + w * size + k, coefficient })),
      ),
    );
  });
}

const usedChannels = (channels: readonly number[]): number[] => [...new Set(channels)].sort((a, b) => a - b);
const paddedTo4 = (channels: number): number => Math.ceil(channels / 4) * 4;
