/** @file Trilinear upsampling by 2 with aligned corners, and its adjoint: along each axis both are a weighted sum of a few inputs. */
import { loadF32, loadI32, loadSplat, loadV128, type I32, type ModuleBuilder } from '../assembler';
import type { HeapTensor, WasmBackend } from '../backend';
import type { KernelFactory } from './kernel';

/** An input's index on one axis and its weight. */
type Tap = readonly [index: number, weight: number];

/** Weight of coarse voxel i (of n) in fine voxel o (of 2 n): o lies at o (n - 1) / (2 n - 1), weights fall linearly to 0 at distance 1. */
const weight = (i: number, o: number, n: number): number => Math.max(0, 2 * n - 1 - Math.abs(o * (n - 1) - i * (2 * n - 1))) / (2 * n - 1);

/** The two coarse voxels of each fine one. */
const forwardTaps = (n: number): Tap[][] =>
  Array.from({ length: 2 * n }, (_, o) => {
    const first = Math.floor((o * (n - 1)) / (2 * n - 1));
    return [first, Math.min(first + 1, n - 1)].map((i, t) => [i, t && i === first ? 0 : weight(i, o, n)]);
  });
/** The fine voxels that read each coarse one: 2 i - 1 to 2 i + 2 at most. */
const backwardTaps = (n: number): Tap[][] =>
  Array.from({ length: n }, (_, i) => [2 * i - 1, 2 * i, 2 * i + 1, 2 * i + 2].map((o) => (o >= 0 && o < 2 * n ? [o, weight(i, o, n)] : [2 * i, 0])));

/** One work item makes one row of the output. */
const resampleKernel = (m: ModuleBuilder, name: string, taps: number) =>
  m.kernel(name, { from: 'i32', to: 'i32', tapsZ: 'i32', tapsY: 'i32', tapsX: 'i32', depth: 'i32', height: 'i32', width: 'i32', fromDepth: 'i32', fromHeight: 'i32', fromWidth: 'i32', channels: 'i32' }, (f, p, item, scratch) => {
    const entryBytes = 8 * taps;
    const voxelBytes = f.i32(p.channels.shl(2));
    const rowBytes = f.i32(p.fromWidth.mul(voxelBytes));
    const z = f.i32(item.div(p.height));
    const tapsZ = f.i32(p.tapsZ.add(z.rem(p.depth).mul(entryBytes)));
    const tapsY = f.i32(p.tapsY.add(item.rem(p.height).mul(entryBytes)));
    const firstPlane = f.i32(z.div(p.depth).mul(p.fromDepth));
    const [source, target, tapsX] = [f.i32(), f.i32(), f.i32(p.tapsX)] as [I32, I32, I32];
    const sum = f.v128();

    // the rows of the input, weighted over z and y, at the start of the scratch
    const factor = f.f32();
    const factors = f.v128();
    f.fillZero(scratch, rowBytes.add(16));
    for (let tz = 0; tz < taps; tz++)
      for (let ty = 0; ty < taps; ty++) {
        f.set(factor, loadF32(tapsZ, 8 * tz + 4).mul(loadF32(tapsY, 8 * ty + 4)));
        f.if(factor.gt(0), () => {
          f.set(factors, factor.splat());
          f.set(source, p.from.add(firstPlane.add(loadI32(tapsZ, 8 * tz)).mul(p.fromHeight).add(loadI32(tapsY, 8 * ty)).mul(rowBytes)));
          f.set(target, scratch);
          f.times(rowBytes.add(15).shr(4), () => {
            f.store(target, f.multiplyAdd(factors, loadV128(source), loadV128(target)));
            f.advance(source, 16);
            f.advance(target, 16);
          });
        });
      }
    // the voxels of that row, weighted over x, behind it; a voxel's last vector may reach into the next, so the finished row is copied out
    const finished = f.i32(scratch.add(rowBytes).add(64));
    const voxel = f.i32(finished);
    const sources = Array.from({ length: taps }, () => f.i32());
    const weights = Array.from({ length: taps }, () => f.v128());
    f.times(p.width, () => {
      sources.forEach((pointer, t) => f.set(pointer, scratch.add(loadI32(tapsX, 8 * t).mul(voxelBytes))));
      weights.forEach((w, t) => f.set(w, loadSplat(tapsX, 8 * t + 4)));
      f.set(target, voxel);
      f.times(p.channels.add(3).shr(2), () => {
        f.set(sum, weights[0].mul(loadV128(sources[0])));
        for (let t = 1; t < taps; t++) f.set(sum, f.multiplyAdd(weights[t], loadV128(sources[t]), sum));
        f.store(target, sum);
        for (const pointer of [...sources, target]) f.advance(pointer, 16);
      });
      f.advance(voxel, voxelBytes);
      f.advance(tapsX, entryBytes);
    });
    f.copy(p.to.add(item.mul(p.width).mul(voxelBytes)), finished, p.width.mul(voxelBytes));
  });

export const upsampleTrilinear: KernelFactory<'UpsampleTrilinear' | 'UpsampleTrilinearBackward'> = (backend) => {
  const kernels = backend.machine.load((m) => ({ forward: resampleKernel(m, 'forward', 2), backward: resampleKernel(m, 'backward', 4) }));
  const resample = (kernel: typeof kernels.forward, from: HeapTensor, taps: Tap[][][]) => {
    const [batch, fromDepth, fromHeight, fromWidth, channels] = from.shape;
    const [depth, height, width] = taps.map((axis) => axis.length);
    const to = backend.output([batch, depth, height, width, channels]);
    const [tapsZ, tapsY, tapsX] = taps.map((axis) => storeTaps(backend, axis));
    try {
      const scratchBytes = (fromWidth + width) * channels * 4 + 128;
      kernel({ from: from.pointer, to: to.pointer, tapsZ, tapsY, tapsX, depth, height, width, fromDepth, fromHeight, fromWidth, channels }, batch * depth * height, scratchBytes);
    } finally {
      for (const table of [tapsZ, tapsY, tapsX]) backend.machine.heap.release(table);
    }
    return [to.info];
  };
  return {
    UpsampleTrilinear: ({ x }) => resample(kernels.forward, x, x.shape.slice(1, 4).map(forwardTaps)),
    UpsampleTrilinearBackward: ({ dy }) => resample(kernels.backward, dy, dy.shape.slice(1, 4).map((n) => backwardTaps(n / 2))),
  };
};

/** A block of the heap with the taps of each output in turn: index as int32, weight as float32. */
function storeTaps({ machine: { heap } }: WasmBackend, axis: Tap[][]): number {
  const taps = axis.flat();
  const pointer = heap.allocate(taps.length * 8);
  const integers = heap.integers(pointer, taps.length * 2);
  const floats = heap.floats(pointer, taps.length * 2);
  taps.forEach(([index, weight], t) => {
    integers[2 * t] = index;
    floats[2 * t + 1] = weight;
  });
  return pointer;
}
