/** @file A row of a volume taken through a line transform into scratch, where the products are made. */
import { loadV128, type FunctionBuilder, type I32, type V128 } from '../../assembler';

/** Pointers and strides in bytes. */
export interface LineWindows {
  /** The row, with zeros where windows reach past it. */
  readonly line: I32;
  readonly windows: I32;
  /** Voxels from window to window, and in one. */
  readonly step: number;
  readonly inputs: number;
  readonly voxelBytes: I32;
  /** Vectors of channels a voxel has. */
  readonly vectors: I32;
  readonly target: I32;
  /** From the results of one window to those of the next, from one result to the next, and from one vector of channels to the next. */
  readonly windowBytes: I32 | number;
  readonly resultBytes: I32 | number;
  readonly vectorBytes: I32 | number;
}

/** Writes results, each from a window's voxels, for all windows of a line and all vectors of channels. */
export function transformLine(f: FunctionBuilder, to: LineWindows, results: readonly ((voxels: readonly V128[]) => V128)[]): void {
  const window = f.i32(to.line);
  const target = f.i32(to.target);
  const [first, source, vectorTarget, resultTarget] = [f.i32(), f.i32(), f.i32(), f.i32()];
  const voxels = Array.from({ length: to.inputs }, () => f.v128());
  f.times(to.windows, () => {
    f.set(first, window);
    f.set(vectorTarget, target);
    f.times(to.vectors, () => {
      f.set(source, first);
      for (const voxel of voxels) {
        f.set(voxel, loadV128(source));
        f.advance(source, to.voxelBytes);
      }
      f.set(resultTarget, vectorTarget);
      for (const result of results) {
        f.store(resultTarget, result(voxels));
        f.advance(resultTarget, to.resultBytes);
      }
      f.advance(first, 16);
      f.advance(vectorTarget, to.vectorBytes);
    });
    f.advance(window, to.voxelBytes.mul(to.step));
    f.advance(target, to.windowBytes);
  });
}
