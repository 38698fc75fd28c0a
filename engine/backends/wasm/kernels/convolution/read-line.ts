/** @file A row of voxels into a line of scratch, from one tensor or from two side by side: their concatenation is never made. */
import { loadV128, V128, type FunctionBuilder, type I32 } from '../../assembler';

export interface RowPart {
  /** The row's first voxel. */
  readonly row: I32;
  readonly channels: I32;
}

/** Writes `width` voxels at `line`, the channels of `second` (which may have none) behind those of `first`; up to one vector behind the last voxel becomes 0. */
export function readLine(f: FunctionBuilder, line: I32, width: I32, first: RowPart, second: RowPart): void {
  f.if(
    second.channels.eq(0),
    () => f.copy(line, first.row, width.mul(first.channels).shl(2)),
    () => {
      const parts = [first, second].map(({ row, channels }) => ({ from: f.i32(row), bytes: f.i32(channels.shl(2)), vectors: f.i32(channels.add(3).shr(2)) }));
      const voxel = f.i32(line);
      const [source, target] = [f.i32(), f.i32()];
      f.times(width, () => {
        // the last vector of a part may reach over the next one, which is written after it
        for (const { from, bytes, vectors } of parts) {
          f.set(source, from);
          f.set(target, voxel);
          f.times(vectors, () => {
            f.store(target, loadV128(source));
            f.advance(source, 16);
            f.advance(target, 16);
          });
          f.advance(from, bytes);
          f.advance(voxel, bytes);
        }
      });
      f.store(voxel, V128.of(0));
    },
  );
}
