/**
 * @file Sums over the voxels of one batch item, channel by channel: what a norm is made of. Eight voxels' channels are whole vectors of eight lanes, whatever the number of channels; so an item keeps sums for each of eight voxels
 * apart, and adds them in float64 at its end.
 */
import { F64, I32, loadF32, type FunctionBuilder, type ModuleBuilder, type V128 } from '../../assembler';
import type { WasmBackend } from '../../backend';
import { itemsOfVoxels, voxelsPerItem } from '../../voxel-rows';

/** Voxels whose channels are one row. */
const together = 8;
/** Rows of an item: a shift near the mean, then sums of x - shift, its square, and with a gradient those of dy, and dy (x - shift). */
const rowsOf = (withGradient: boolean): number => (withGradient ? 5 : 3);
const rowBytes = (channels: number): number => channels * together * 4;
/** Rows that are added in one call, which may go through them twice: they stay in the first cache. */
const nearBytes = 16 * 2 ** 10;
const pointers = { x: 'i32', dy: 'i32', voxels: 'i32', channels: 'i32', rowsNear: 'i32', sums: 'i32' } as const;

/** Per channel: mean, and sums about it of squares, dy, and dy times x. */
export interface ChannelSums {
  readonly mean: Float64Array;
  readonly squares: Float64Array;
  readonly gradients: Float64Array;
  readonly products: Float64Array;
}
/** @param centred which channels have their mean taken off */
export type SumsOf = (x: number, dy: number | undefined, voxels: number, centred: readonly boolean[]) => ChannelSums;

export function channelSums(backend: WasmBackend): SumsOf {
  const kernels = backend.machine.load((m) => ({ sums: sumsKernel(m, false), gradientSums: sumsKernel(m, true) }));
  return (x, dy, voxels, centred) => {
    const channels = centred.length;
    const items = itemsOfVoxels(voxels);
    const rows = rowsOf(dy !== undefined);
    return backend.machine.heap.borrow(items * rows * channels * 8, (block) => {
      const fields = { x, dy: dy ?? x, sums: block, voxels, channels, rowsNear: Math.max(1, Math.floor(nearBytes / rowBytes(channels))) };
      // sums, and a last row of x and one of dy
      (dy === undefined ? kernels.sums : kernels.gradientSums)(fields, items, (rows + 2) * rowBytes(channels));
      const sums = backend.machine.heap.doubles(block, items * rows * channels);
      const [mean, squares, gradients, products] = Array.from({ length: 4 }, () => new Float64Array(channels)) as [Float64Array, Float64Array, Float64Array, Float64Array];
      const each = (visit: (at: number, channel: number, count: number) => void): void => {
        for (let item = 0; item < items; item++) {
          const count = Math.min(voxelsPerItem, voxels - item * voxelsPerItem);
          for (let c = 0; c < channels; c++) visit(item * rows * channels + c, c, count);
        }
      };
      each((at, c, count) => { if (centred[c]) mean[c] += (sums[at] * count + sums[at + channels]) / voxels; });
      each((at, c, count) => {
        const offset = sums[at] - mean[c];
        squares[c] += sums[at + 2 * channels] + offset * (2 * sums[at + channels] + offset * count);
        if (dy === undefined) return;
        gradients[c] += sums[at + 3 * channels];
        products[c] += sums[at + 4 * channels] + offset * sums[at + 3 * channels];
      });
      return { mean, squares, gradients, products };
    });
  };
}

/** Sums of an item's voxels about the mean of its first sixteenth. Its distance from the whole item's mean, squared, is at most 16 times the variance: no more cancels than four bits of a float. */
function sumsKernel(m: ModuleBuilder, withGradient: boolean) {
  const rows = rowsOf(withGradient);
  /** (x, dy, sums, vectors of eight of a row, how many rows): rows added to the sums. */
  const accumulate = m.functionOfEight([16, 16, 16, 0, 0], (f: FunctionBuilder, x: I32, dy: I32, sums: I32, vectors: I32, count: I32) => {
    const rowBytes = f.i32(vectors.shl(5));
    const [centred, gradient] = [f.eight(), f.eight()];
    const shift = f.i32();
    f.times(count, () => {
      f.set(shift, sums);
      f.times(vectors, () => {
        const at = f.i32(shift);
        const add = (sum: (before: V128) => V128): void => {
          f.advance(at, rowBytes);
          f.store(at, sum(f.loadEight(at)));
        };
        f.set(centred, f.loadEight(x).sub(f.loadEight(shift)));
        add((sum) => sum.add(centred));
        add((sum) => f.multiplyAdd(centred, centred, sum));
        if (withGradient) {
          f.set(gradient, f.loadEight(dy));
          add((sum) => sum.add(gradient));
          add((sum) => f.multiplyAdd(gradient, centred, sum));
          f.advance(dy, 32);
        }
        for (const pointer of [x, shift]) f.advance(pointer, 32);
      });
    });
  });
  return m.kernel(withGradient ? 'gradientSums' : 'sums', pointers, (f, p, item, sums) => {
    const first = f.i32(item.mul(voxelsPerItem));
    const count = f.i32(p.voxels.sub(first).min(voxelsPerItem));
    const bytes = f.i32(p.channels.mul(4 * together));
    const whole = f.i32(count.div(together));
    const [x, dy] = [p.x, p.dy].map((pointer) => f.i32(pointer.add(first.mul(p.channels).shl(2))));
    /** Visits the channels of some rows, and what the eight voxels of each have together. */
    const eachSum = (at: I32, channels: I32, body: (sum: F64) => void): void =>
      f.times(channels, () => {
        body(f.f64(Array.from({ length: together }, (_, n) => loadF32(at.add(p.channels.mul(4 * n))).toF64()).reduce((sum, one) => sum.add(one))));
        f.advance(at, 4);
      });
    f.fillZero(sums, bytes.mul(rows));
    const sample = f.i32(whole.add(15).shr(4));
    f.call(accumulate, x, dy, sums, p.channels, sample);
    const [from, shift, voxel] = [f.i32(sums.add(bytes)), f.i32(sums), f.i32(x)];
    const inverse = f.f64(F64.of(1).div(sample.mul(together).toF64()));
    eachSum(from, p.channels, (sum) => {
      // fewer voxels than a row: about the first
      f.store(shift, sum.mul(inverse).toF32().choose(sample.gt(0), loadF32(voxel)));
      for (const pointer of [shift, voxel]) f.advance(pointer, 4);
    });
    f.for(1, together, 1, (n) => f.copy(sums.add(p.channels.shl(2).mul(n)), sums, p.channels.shl(2)));
    f.fillZero(sums.add(bytes), bytes.mul(rows - 1));
    const left = f.i32(whole);
    f.times(whole.add(p.rowsNear).sub(1).div(p.rowsNear), () => {
      const near = f.i32(left.min(p.rowsNear));
      f.call(accumulate, x, dy, sums, p.channels, near);
      for (const pointer of [x, dy]) f.advance(pointer, near.mul(bytes));
      f.set(left, left.sub(near));
    });
    // up to seven voxels are left: filled up with the shift and with no gradient they add nothing else
    const rest = f.i32(count.rem(together).mul(p.channels).shl(2));
    const [last, lastGradient] = [f.i32(sums.add(bytes.mul(rows))), f.i32(sums.add(bytes.mul(rows + 1)))];
    f.copy(last, sums, bytes);
    f.copy(last, x, rest);
    f.fillZero(lastGradient, bytes);
    if (withGradient) f.copy(lastGradient, dy, rest);
    f.call(accumulate, last, lastGradient, sums, p.channels, I32.of(1));
    const to = f.i32(p.sums.add(item.mul(p.channels.mul(8 * rows))));
    const store = (value: F64): void => {
      f.store(to, value);
      f.advance(to, 8);
    };
    f.set(from, sums);
    f.times(p.channels, () => {
      store(loadF32(from).toF64());
      f.advance(from, 4);
    });
    for (let row = 1; row < rows; row++) {
      f.set(from, sums.add(bytes.mul(row)));
      eachSum(from, p.channels, store);
    }
  });
}
