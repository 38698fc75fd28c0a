/** @file Resampling along the three axes and its adjoint: every output voxel is a weighted sum of a few inputs along each axis. */
import { axisTaps, transposed, type Tap } from '../../../math/axis-map';
import type { ResampleAttributes } from '../../../ops/operators';
import { loadF32, loadI32, loadSplat, loadV128, type I32, type ModuleBuilder } from '../assembler';
import type { HeapTensor, WasmBackend } from '../backend';
import type { KernelFactory } from './kernel';

/** One work item makes one row of the output; every axis has `taps` taps, those that are not there with weight 0. */
const resampleKernel = (m: ModuleBuilder, taps: number) =>
  m.kernel('resample', { from: 'i32', to: 'i32', tapsZ: 'i32', tapsY: 'i32', tapsX: 'i32', depth: 'i32', height: 'i32', width: 'i32', fromDepth: 'i32', fromHeight: 'i32', fromWidth: 'i32', channels: 'i32' }, (f, p, item, scratch) => {
    const entryBytes = 8 * taps;
    const voxelBytes = f.i32(p.channels.shl(2));
    const rowBytes = f.i32(p.fromWidth.mul(voxelBytes));
    const z = f.i32(item.div(p.height));
    const tapsZ = f.i32(p.tapsZ.add(z.rem(p.depth).mul(entryBytes)));
    const firstPlane = f.i32(z.div(p.depth).mul(p.fromDepth));
    const [source, target, tapsX, tapsY, plane] = [f.i32(), f.i32(), f.i32(p.tapsX), f.i32(), f.i32()] as [I32, I32, I32, I32, I32];
    const sum = f.v128();

    // the rows of the input, weighted over z and y, at the start of the scratch
    const factor = f.f32();
    const factors = f.v128();
    f.fillZero(scratch, rowBytes.add(16));
    f.times(taps, () => {
      f.set(plane, firstPlane.add(loadI32(tapsZ)).mul(p.fromHeight));
      f.set(tapsY, p.tapsY.add(item.rem(p.height).mul(entryBytes)));
      f.times(taps, () => {
        f.set(factor, loadF32(tapsZ, 4).mul(loadF32(tapsY, 4)));
        f.if(factor.gt(0), () => {
          f.set(factors, factor.splat());
          f.set(source, p.from.add(plane.add(loadI32(tapsY)).mul(rowBytes)));
          f.set(target, scratch);
          f.times(rowBytes.add(15).shr(4), () => {
            f.store(target, f.multiplyAdd(factors, loadV128(source), loadV128(target)));
            f.advance(source, 16);
            f.advance(target, 16);
          });
        });
        f.advance(tapsY, 8);
      });
      f.advance(tapsZ, 8);
    });
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

export const resample: KernelFactory<'Resample' | 'ResampleBackward'> = (backend) => {
  /** By the number of taps. */
  const kernels = new Map<number, ReturnType<typeof compile>>();
  const compile = (taps: number) => backend.machine.load((m) => ({ resample: resampleKernel(m, taps) })).resample;
  /** @param axes taps along x, y and z */
  const run = (from: HeapTensor, axes: readonly Tap[][][]) => {
    const [batch, fromDepth, fromHeight, fromWidth, channels] = from.shape;
    const [width, height, depth] = axes.map((axis) => axis.length);
    const to = backend.output([batch, depth, height, width, channels]);
    const taps = Math.max(1, ...axes.flatMap((axis) => axis.map((line) => line.length)));
    const kernel = kernels.get(taps) ?? compile(taps);
    kernels.set(taps, kernel);
    const [tapsX, tapsY, tapsZ] = axes.map((axis) => storeTaps(backend, axis, taps));
    try {
      const scratchBytes = (fromWidth + width) * channels * 4 + 128;
      kernel({ from: from.pointer, to: to.pointer, tapsZ, tapsY, tapsX, depth, height, width, fromDepth, fromHeight, fromWidth, channels }, batch * depth * height, scratchBytes);
    } finally {
      for (const table of [tapsX, tapsY, tapsZ]) backend.machine.heap.release(table);
    }
    return [to.info];
  };
  const tapsOf = ({ method, amount, size }: ResampleAttributes): Tap[][][] => size.map((voxels, axis) => axisTaps(method, amount[axis], voxels));
  return {
    Resample: ({ x }, attributes) => run(x, tapsOf(attributes)),
    ResampleBackward: ({ dy }, attributes) => run(dy, tapsOf(attributes).map((taps, axis) => transposed(taps, attributes.size[axis]))),
  };
};

/** A block of the heap with `taps` taps of each output in turn: index as int32, weight as float32. */
function storeTaps({ machine: { heap } }: WasmBackend, axis: readonly Tap[][], taps: number): number {
  const pointer = heap.allocate(axis.length * taps * 8);
  const integers = heap.integers(pointer, axis.length * taps * 2);
  const floats = heap.floats(pointer, axis.length * taps * 2);
  axis.forEach((line, output) => {
    for (let t = 0; t < taps; t++) {
      const [index, weight] = line[t] ?? [line[0]?.[0] ?? 0, 0];
      integers[2 * (output * taps + t)] = index;
      floats[2 * (output * taps + t) + 1] = weight;
    }
  });
  return pointer;
}
