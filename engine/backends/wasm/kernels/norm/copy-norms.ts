/** @file Norms of copies voxel by voxel: their means over one batch item, and copies divided by their own. */
import { F32, loadF32, loadF64, loadI32, type ModuleBuilder } from '../../assembler';
import type { WasmBackend } from '../../backend';
import { itemsOfVoxels, voxelsPerItem } from '../../voxel-rows';
import type { CopyLayout } from './copy-layout';

export interface CopyNorms {
  /** Mean over the voxels of each copy's norm; 0 for even scalars. */
  means(x: number, layout: CopyLayout): Float64Array;
  /** Writes x with each copy divided by its norm, 0 where that is 0; even scalars as they are. */
  units(x: number, y: number, layout: CopyLayout): void;
}

export function copyNorms(backend: WasmBackend): CopyNorms {
  const { heap } = backend.machine;
  const kernels = backend.machine.load((m) => ({ means: normsKernel(m, false), units: normsKernel(m, true) }));
  /** With the number of components of each copy, 0 for even scalars, and a float64 a copy for each work item. */
  const run = (which: 'means' | 'units', x: number, y: number, { voxels, channels, channelCopies }: CopyLayout): Float64Array => {
    const [copies, items] = [channelCopies.length, itemsOfVoxels(voxels)];
    const means = new Float64Array(copies);
    heap.borrow(copies * 4, (sizes) =>
      heap.borrow(items * copies * 8, (sums) => {
        heap.integers(sizes, copies).set(channelCopies.map(({ size, scalar }) => (scalar === undefined ? size : 0)));
        kernels[which]({ x, y, voxels, channels, copies, sizes, sums }, items);
        if (which === 'means') heap.doubles(sums, items * copies).forEach((sum, n) => { means[n % copies] += sum / voxels; });
      }),
    );
    return means;
  };
  return { means: (x, layout) => run('means', x, x, layout), units: (x, y, layout) => void run('units', x, y, layout) };
}

function normsKernel(m: ModuleBuilder, write: boolean) {
  return m.kernel(write ? 'units' : 'means', { x: 'i32', y: 'i32', voxels: 'i32', channels: 'i32', copies: 'i32', sizes: 'i32', sums: 'i32' }, (f, p, item) => {
    const first = f.i32(item.mul(voxelsPerItem));
    const [x, y] = [p.x, p.y].map((pointer) => f.i32(pointer.add(first.mul(p.channels).shl(2))));
    const sums = f.i32(p.sums.add(item.mul(p.copies).shl(3)));
    const [sizeAt, size, sum, from] = [f.i32(), f.i32(), f.i32(), f.i32()];
    const norm = f.f32();
    if (!write) f.fillZero(sums, p.copies.shl(3));
    f.times(p.voxels.sub(first).min(voxelsPerItem), () => {
      f.set(sizeAt, p.sizes);
      f.set(sum, sums);
      f.times(p.copies, () => {
        f.set(size, loadI32(sizeAt));
        f.set(norm, F32.of(0));
        f.set(from, x);
        f.times(size, () => {
          f.set(norm, norm.add(loadF32(from).mul(loadF32(from))));
          f.advance(from, 4);
        });
        f.set(norm, norm.sqrt());
        if (write) {
          // what each component is multiplied by
          f.set(norm, F32.of(1).choose(size.eq(0), F32.of(1).div(norm).choose(norm.gt(0), F32.of(0))));
          f.times(size.max(1), () => {
            f.store(y, loadF32(x).mul(norm));
            f.advance(x, 4);
            f.advance(y, 4);
          });
        } else {
          f.store(sum, loadF64(sum).add(norm.toF64()));
          f.advance(x, size.max(1).shl(2));
        }
        f.advance(sum, 8);
        f.advance(sizeAt, 4);
      });
    });
  });
}
