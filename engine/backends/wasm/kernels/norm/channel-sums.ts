/**
 * @file Sums over the voxels of one batch item, channel by channel: what a norm is made of. Four rows of channels are whole vectors, whatever the number of channels; so sums are kept for each
 * of the four voxels apart and added in float64 at the end.
 */
import type { FunctionBuilder, I32, ModuleBuilder } from '../../assembler';
import { loadV128 } from '../../assembler';
import type { WasmBackend } from '../../backend';
import { itemsOfVoxels, voxelsPerItem } from '../../voxel-rows';

/** Rows of four voxels' channels that a work item writes: a shift near the mean, then sums of x - shift, its square, dy, and dy (x - shift). */
const sumRows = 5;
const pointers = { x: 'i32', dy: 'i32', voxels: 'i32', channels: 'i32' } as const;

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
    const row = 4 * channels;
    return backend.machine.heap.borrow(items * sumRows * row * 4, (block) => {
      const fields = { x, dy: dy ?? x, sums: block, voxels, channels };
      (dy === undefined ? kernels.sums : kernels.gradientSums)(fields, items, 2 * row * 4);
      const sums = backend.machine.heap.floats(block, items * sumRows * row);
      const [mean, squares, gradients, products] = Array.from({ length: 4 }, () => new Float64Array(channels)) as [Float64Array, Float64Array, Float64Array, Float64Array];
      const each = (visit: (at: number, channel: number, count: number) => void): void => {
        for (let item = 0; item < items; item++) {
          const inItem = Math.min(voxelsPerItem, voxels - item * voxelsPerItem);
          for (let voxel = 0; voxel < 4; voxel++) {
            const count = (inItem + 3 - voxel) >> 2;
            for (let c = 0; c < channels; c++) visit(item * sumRows * row + voxel * channels + c, c, count);
          }
        }
      };
      each((at, c, count) => { if (centred[c]) mean[c] += (sums[at] * count + sums[at + row]) / voxels; });
      each((at, c, count) => {
        const offset = sums[at] - mean[c];
        squares[c] += sums[at + 2 * row] + offset * (2 * sums[at + row] + offset * count);
        gradients[c] += sums[at + 3 * row];
        products[c] += sums[at + 4 * row] + offset * sums[at + 3 * row];
      });
      return { mean, squares, gradients, products };
    });
  };
}

/** Sums of an item's voxels about a shift near their mean, so that nothing cancels: two passes over what the cache holds. */
function sumsKernel(m: ModuleBuilder, withGradient: boolean) {
  /** One row of four voxels added to the sums; channels counts vectors. */
  const accumulate = m.function(['i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, x: I32, dy: I32, sums: I32, channels: I32) => {
    const row = f.i32(channels.shl(4));
    const [centred, gradient] = [f.v128(), f.v128()];
    f.times(channels, () => {
      f.set(centred, loadV128(x).sub(loadV128(sums)));
      const at = f.i32(sums);
      const add = (term: () => typeof centred): void => {
        f.advance(at, row);
        f.store(at, loadV128(at).add(term()));
      };
      add(() => centred);
      add(() => centred.mul(centred));
      if (withGradient) {
        f.set(gradient, loadV128(dy));
        add(() => gradient);
        add(() => gradient.mul(centred));
        f.advance(dy, 16);
      }
      f.advance(x, 16);
      f.advance(sums, 16);
    });
  });
  return m.kernel(withGradient ? 'gradientSums' : 'sums', { ...pointers, sums: 'i32' }, (f, p, item, scratch) => {
    const first = f.i32(item.mul(voxelsPerItem));
    const count = f.i32(p.voxels.sub(first).min(voxelsPerItem));
    const row = f.i32(p.channels.shl(4));
    const fours = f.i32(count.shr(2));
    const [x, dy] = [p.x, p.dy].map((pointer) => f.i32(pointer.add(first.mul(p.channels).shl(2))));
    const sums = f.i32(p.sums.add(item.mul(row.mul(sumRows))));
    f.fillZero(sums, row.mul(sumRows));
    const [from, to] = [f.i32(x), f.i32()];
    f.times(fours, () => {
      f.set(to, sums);
      f.times(p.channels, () => {
        f.store(to, loadV128(to).add(loadV128(from)));
        f.advance(from, 16);
        f.advance(to, 16);
      });
    });
    const inverse = f.v128(fours.max(1).toF32().splat());
    f.set(to, sums);
    f.times(p.channels, () => {
      f.store(to, loadV128(to).div(inverse));
      f.advance(to, 16);
    });
    f.times(fours, () => {
      f.call(accumulate, x, dy, sums, p.channels);
      f.advance(x, row);
      f.advance(dy, row);
    });
    // up to three voxels are left: filled up with the shift and with no gradient they add nothing else
    const rest = f.i32(count.and(3).mul(p.channels).shl(2));
    const restGradient = f.i32(scratch.add(row));
    f.copy(scratch, sums, row);
    f.copy(scratch, x, rest);
    f.fillZero(restGradient, row);
    if (withGradient) f.copy(restGradient, dy, rest);
    f.call(accumulate, scratch, restGradient, sums, p.channels);
  });
}
