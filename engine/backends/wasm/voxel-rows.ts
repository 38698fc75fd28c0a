/** @file Work items of channels-last tensors: runs of voxels, each voxel a row of channels. */
import type { FunctionBuilder, I32 } from './assembler';

/** Voxels one work item handles: fixed, so that the same item always holds the same voxels; a multiple of 4, so that four channels-last rows are whole vectors. */
export const voxelsPerItem = 1024;
export const itemsOfVoxels = (voxels: number): number => Math.ceil(voxels / voxelsPerItem);

/**
 * Makes `count` rows of `rowBytes` at `target`, in order. A row may be written up to one vector past its end: the next row goes over it, and the last row,
 * which another item's may follow, is made in scratch (rowBytes and one vector) and copied.
 */
export function writeRows(f: FunctionBuilder, { target, count, rowBytes, scratch }: { target: I32; count: I32; rowBytes: I32; scratch: I32 }, write: (row: I32, voxel: I32) => void): void {
  const end = f.i32(target.add(count.sub(1).mul(rowBytes)));
  const next = f.i32(target);
  const row = f.i32();
  f.for(0, count, 1, (voxel) => {
    f.set(row, voxel.eq(count.sub(1)).choose(scratch, next));
    write(row, voxel);
    f.advance(next, rowBytes);
  });
  f.copy(end, scratch, rowBytes);
}
