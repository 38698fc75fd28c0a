/** @file Between channels-last volumes and the channel-first rows the stages work on: 4 by 4 transposes. */
import { transpose } from '../transpose';
import { I32, loadF32, loadV128, V128, type FunctionBuilder, type FunctionReference, type ModuleBuilder } from '../../assembler';

export interface RowFunctions {
  /** (voxel x of the row at the first channel, destination row, bytes between destination channels, groups of four voxels, x, size of the row, bytes of a voxel, blocks of four channels): voxels outside become 0. */
  readonly gather: FunctionReference;
  /** (destination row, bytes between channels, groups, blocks). */
  readonly clear: FunctionReference;
  /** (source row, bytes between source channels, voxel of the destination, voxels, bytes of a voxel, channels). */
  readonly scatter: FunctionReference;
}

export function emitRowFunctions(m: ModuleBuilder): RowFunctions {
  const gather = m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, source: I32, to: I32, channelStride: I32, groups: I32, x: I32, size: I32, voxelBytes: I32, blocks: I32) => {
    const [from, row, column] = [f.i32(), f.i32(), f.i32()];
    const voxels = [0, 1, 2, 3].map(() => f.v128());
    const channelBlocks = (loadVoxels: () => void) => {
      f.set(from, source);
      f.set(row, to);
      f.times(blocks, () => {
        loadVoxels();
        for (const value of transpose(f, voxels)) {
          f.store(row, value);
          f.advance(row, channelStride);
        }
        f.advance(from, 16);
      });
    };
    f.times(groups, () => {
      f.if(
        x.ge(0).and(x.add(4).le(size)),
        () =>
          channelBlocks(() => {
            f.set(column, from);
            voxels.forEach((voxel, j) => {
              f.set(voxel, loadV128(column));
              if (j < 3) f.advance(column, voxelBytes);
            });
          }),
        () =>
          channelBlocks(() => {
            f.set(column, from);
            voxels.forEach((voxel, j) => {
              f.set(voxel, V128.of(0));
              f.if(x.add(j).ge(0).and(x.add(j).lt(size)), () => f.set(voxel, loadV128(column)));
              if (j < 3) f.advance(column, voxelBytes);
            });
          }),
      );
      f.advance(source, voxelBytes.shl(2));
      f.advance(to, 16);
      f.advance(x, 4);
    });
  });
  const clear = m.function(['i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, to: I32, channelStride: I32, groups: I32, blocks: I32) => {
    f.times(blocks.shl(2), () => {
      f.fillZero(to, groups.shl(4));
      f.advance(to, channelStride);
    });
  });
  const scatter = m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f: FunctionBuilder, source: I32, channelStride: I32, to: I32, voxels: I32, voxelBytes: I32, channels: I32) => {
    const [from, voxel, at, channel] = [f.i32(), f.i32(), f.i32(), f.i32()];
    const values = [0, 1, 2, 3].map(() => f.v128());
    f.times(channels.ge(4).choose(voxels.shr(2), I32.of(0)), () => {
      f.set(channel, I32.of(0));
      f.times(channels.add(3).shr(2), () => {
        // the last block steps back over channels already written, so that nothing past the voxel is touched
        const first = f.i32(channel.min(channels.sub(4)));
        f.set(from, source.add(first.mul(channelStride)));
        values.forEach((value) => {
          f.set(value, loadV128(from));
          f.advance(from, channelStride);
        });
        f.set(at, to.add(first.shl(2)));
        for (const value of transpose(f, values)) {
          f.store(at, value);
          f.advance(at, voxelBytes);
        }
        f.advance(channel, 4);
      });
      f.advance(source, 16);
      f.advance(to, voxelBytes.shl(2));
      f.set(voxels, voxels.sub(4));
    });
    f.times(voxels, () => {
      f.set(from, source);
      f.set(voxel, to);
      f.times(channels, () => {
        f.store(voxel, loadF32(from));
        f.advance(from, channelStride);
        f.advance(voxel, 4);
      });
      f.advance(source, 4);
      f.advance(to, voxelBytes);
    });
  });
  return { gather, clear, scatter };
}
