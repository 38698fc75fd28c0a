/** @file Rows of a volume taken through a line transform into scratch, where the products are made. */
import { loadV128, type V128, type FunctionBuilder, type I32 } from '../../assembler';

/**
 * Writes for each window of a line `results` of its `inputs` voxels, vectors of channels at a time.
 * @param target where the first result of the first window goes; others follow at multiples of `resultBytes`, windows at multiples of `windowBytes`
 */
export function transformLine(
  f: FunctionBuilder,
  sizes: { line: I32; windows: I32; step: number; inputs: number; voxelBytes: I32; vectors: I32; target: I32; windowBytes: I32; resultBytes: I32 },
  results: readonly ((inputs: readonly V128[]) => V128)[],
): void {
  const window = f.i32(sizes.line);
  const target = f.i32(sizes.target);
  const [first, source, to, result] = [f.i32(), f.i32(), f.i32(), f.i32()];
  const inputs = Array.from({ length: sizes.inputs }, () => f.v128());
  f.times(sizes.windows, () => {
    f.set(first, window);
    f.set(to, target);
    f.times(sizes.vectors, () => {
      f.set(source, first);
      for (const input of inputs) {
        f.set(input, loadV128(source));
        f.advance(source, sizes.voxelBytes);
      }
      f.set(result, to);
      for (const value of results) {
        f.store(result, value(inputs));
        f.advance(result, sizes.resultBytes);
      }
      f.advance(first, 16);
      f.advance(to, 16);
    });
    f.advance(window, sizes.voxelBytes.mul(sizes.step));
    f.advance(target, sizes.windowBytes);
  });
}
