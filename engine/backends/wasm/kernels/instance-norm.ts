/**
 * @file Equivariant instance norm and its gradient: one pass over the voxels for sums, one that writes. Four rows of channels are whole vectors, whatever the number of
 * channels; so sums are kept for each of the four voxels apart and added in float64 at the end, and coefficients are laid out four times.
 */
import { copies, copiesOf, scalarCopies, type Irreps } from '../../../math/so3/irreps';
import { loadV128, type FunctionBuilder, type I32, type ModuleBuilder } from '../assembler';
import type { HeapTensor } from '../backend';
import { itemsOfVoxels, voxelsPerItem } from '../voxel-rows';
import type { KernelFactory } from './kernel';

/** Rows of four voxels' channels that a work item writes: a shift near the mean, then sums of x - shift, its square, dy, and dy (x - shift). */
const sumRows = 5;

export const instanceNorm: KernelFactory<'InstanceNorm' | 'InstanceNormBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({ sums: sumsKernel(m, false), gradientSums: sumsKernel(m, true), forward: affineKernel(m, false), backward: affineKernel(m, true) }));

  /** Per channel, over the voxels of one batch item: mean, and sums about it of squares, dy, and dy times x. Only scalars have their mean taken off. */
  const sumsOf = (x: number, dy: number | undefined, voxels: number, centred: readonly boolean[]) => {
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
  /** Runs a kernel with rows of coefficients, each laid out for four voxels. */
  const withCoefficients = (rows: readonly Float64Array[], run: (coefficients: number) => void): void => {
    const row = 4 * rows[0].length;
    backend.machine.heap.borrow(rows.length * row * 4, (block) => {
      const values = backend.machine.heap.floats(block, rows.length * row);
      rows.forEach((coefficients, r) => { for (let voxel = 0; voxel < 4; voxel++) values.set(coefficients, r * row + voxel * coefficients.length); });
      run(block);
    });
  };

  return {
    InstanceNorm: ({ x, weight, bias }, { irreps, epsilon }) => {
      const y = backend.output(x.shape);
      const { voxels, channels, centred, channelCopies } = layoutOf(x, irreps);
      const [weights, biases] = [weight, bias].map((tensor) => backend.machine.heap.floats(tensor.pointer, tensor.size));
      // in order: a batch item's last vector may reach into the next, which is written after it
      forEachBatchItem(x, (offset) => {
        const { mean, squares } = sumsOf(x.pointer + offset, undefined, voxels, centred);
        const [scale, shift] = [new Float64Array(channels), new Float64Array(channels)];
        for (const { start, size, copy, scalar } of channelCopies) {
          scale.fill(weights[copy] * inverseRoot(squares, start, size, voxels, epsilon), start, start + size);
          if (scalar !== undefined) shift[start] = biases[scalar];
        }
        withCoefficients([mean, scale, shift], (coefficients) => kernels.forward({ x: x.pointer + offset, dy: 0, y: y.pointer + offset, coefficients, voxels, channels }, itemsOfVoxels(voxels)));
      });
      return [y.info];
    },
    InstanceNormBackward: ({ dy, x, weight }, { irreps, epsilon }) => {
      const [dx, dweight, dbias] = [backend.output(x.shape), backend.output(weight.shape), backend.output([scalarCopies(irreps)])];
      const { voxels, channels, centred, channelCopies } = layoutOf(x, irreps);
      const weights = backend.machine.heap.floats(weight.pointer, weight.size);
      const [gradientOfWeight, gradientOfBias] = [new Float64Array(copies(irreps)), new Float64Array(scalarCopies(irreps))];
      forEachBatchItem(x, (offset) => {
        const { mean, squares, gradients, products } = sumsOf(x.pointer + offset, dy.pointer + offset, voxels, centred);
        // dx = weight (s (dy - <dy>) - s^3 <dy (x - mean)> (x - mean)), <> the mean over a copy's elements, <dy> for scalars only
        const [ofX, meanGradient, ofGradient] = [new Float64Array(channels), new Float64Array(channels), new Float64Array(channels)];
        for (const { start, size, copy, scalar } of channelCopies) {
          const s = inverseRoot(squares, start, size, voxels, epsilon);
          const product = products.subarray(start, start + size).reduce((sum, value) => sum + value, 0);
          gradientOfWeight[copy] += product * s;
          ofGradient.fill(weights[copy] * s, start, start + size);
          ofX.fill((-weights[copy] * s ** 3 * product) / (voxels * size), start, start + size);
          if (scalar === undefined) continue;
          meanGradient[start] = gradients[start] / voxels;
          gradientOfBias[scalar] += gradients[start];
        }
        withCoefficients([mean, ofX, meanGradient, ofGradient], (coefficients) => kernels.backward({ x: x.pointer + offset, dy: dy.pointer + offset, y: dx.pointer + offset, coefficients, voxels, channels }, itemsOfVoxels(voxels)));
      });
      backend.machine.heap.floats(dweight.pointer, dweight.size).set(gradientOfWeight);
      backend.machine.heap.floats(dbias.pointer, dbias.size).set(gradientOfBias);
      return [dx.info, dweight.info, dbias.info];
    },
  };
};

/** Fields of both kinds of kernels. */
const pointers = { x: 'i32', dy: 'i32', voxels: 'i32', channels: 'i32' } as const;

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

/** y = (x - c0) c1 + c2, in the backward pass (x - c0) c1 + (dy - c2) c3; c are rows of coefficients. */
function affineKernel(m: ModuleBuilder, withGradient: boolean) {
  return m.kernel(withGradient ? 'backward' : 'forward', { ...pointers, y: 'i32', coefficients: 'i32' }, (f, p, item) => {
    const first = f.i32(item.mul(voxelsPerItem));
    const start = f.i32(first.mul(p.channels).shl(2));
    const [x, dy, y] = [p.x, p.dy, p.y].map((pointer) => f.i32(pointer.add(start)));
    const row = f.i32(p.channels.shl(4));
    const left = f.i32(p.voxels.sub(first).min(voxelsPerItem).mul(p.channels).add(3).shr(2));
    const inRow = f.i32();
    f.times(left.add(p.channels).sub(1).div(p.channels), () => {
      f.set(inRow, left.min(p.channels));
      const rows = [0, 1, 2, 3].map((r) => f.i32(p.coefficients.add(row.mul(r))));
      f.times(inRow, () => {
        const constant = withGradient ? loadV128(dy).sub(loadV128(rows[2])).mul(loadV128(rows[3])) : loadV128(rows[2]);
        f.store(y, f.multiplyAdd(loadV128(x).sub(loadV128(rows[0])), loadV128(rows[1]), constant));
        for (const pointer of [x, dy, y, ...rows]) f.advance(pointer, 16);
      });
      f.set(left, left.sub(inRow));
    });
  });
}

interface ChannelCopy {
  readonly start: number;
  readonly size: number;
  readonly copy: number;
  /** Number among the scalars that have a bias. */
  readonly scalar: number | undefined;
}

function layoutOf(x: HeapTensor, irreps: Irreps): { voxels: number; channels: number; centred: boolean[]; channelCopies: ChannelCopy[] } {
  const [depth, height, width, channels] = x.shape.slice(1);
  let scalars = 0;
  const channelCopies = copiesOf(irreps).map(({ start, degree, parity }, copy) => ({ start, size: 2 * degree + 1, copy, scalar: degree === 0 && parity === 1 ? scalars++ : undefined }));
  const centred = channelCopies.flatMap(({ size, scalar }) => Array.from({ length: size }, () => scalar !== undefined));
  return { voxels: depth * height * width, channels, centred, channelCopies };
}

/** 1 / sqrt(mean square component + epsilon) of the copy at `start`. */
function inverseRoot(squares: Float64Array, start: number, size: number, voxels: number, epsilon: number): number {
  let sum = 0;
  for (let c = start; c < start + size; c++) sum += squares[c];
  return 1 / Math.sqrt(sum / (voxels * size) + epsilon);
}

/** Visits each batch item's offset in bytes. */
function forEachBatchItem(x: HeapTensor, visit: (offset: number) => void): void {
  for (let b = 0; b < x.shape[0]; b++) visit((b * x.size * 4) / x.shape[0]);
}
