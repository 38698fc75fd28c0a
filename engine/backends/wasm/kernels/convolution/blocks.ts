/** @file Channels of a result are made in blocks of 8 (two vectors): what a register tile holds, and how panels of weights and sums are laid out. */
import { loadF32, loadV128, type FunctionBuilder, type I32, type V128 } from '../../assembler';

export const blockVectors = 2;
export const blockChannels = 4 * blockVectors;
export const blockBytes = 4 * blockChannels;
/** Lines, or inputs, a register tile holds: 4 x 2 vectors of sums keep both multipliers of a core busy and leave registers for what they are made of. */
export const tileLines = 4;

/** Fields of a kernel that are all integers. */
export const integerFields = <K extends string>(...names: K[]) => Object.fromEntries(names.map((name) => [name, 'i32'])) as Record<K, 'i32'>;

export const blocksOf = (channels: number): number => Math.ceil(channels / blockChannels);
/** What each of at most `parts` gets when `count` things are dealt out. */
export const share = (count: number, parts: number): number => Math.ceil(count / Math.min(count, parts));
/** Transformed weights and sums of their gradients take no more than this at a time, where one block of outputs allows it. */
export const mostBytes = 64 * 2 ** 20;
/** Blocks of `count` in parts of at most `most`: the first block of each part and its number of blocks. */
export function partsOf(count: number, most: number): { firstBlock: number; blocks: number }[] {
  const each = share(count, Math.ceil(count / Math.max(1, most)));
  return Array.from({ length: Math.ceil(count / each) }, (_, part) => ({ firstBlock: part * each, blocks: Math.min(each, count - part * each) }));
}
/** Channels of transformed inputs, whole vectors. */
export const paddedChannels = (channels: number): number => Math.ceil(channels / 4) * 4;

export const emptyBlock = (f: FunctionBuilder): V128[] => Array.from({ length: blockVectors }, () => f.v128(0));
export const loadBlock = (f: FunctionBuilder, into: readonly V128[], pointer: I32, offset = 0): void => into.forEach((local, j) => f.set(local, loadV128(pointer, offset + 16 * j)));

/** Sums start from nothing and are added at the end: the fewer terms a running sum has seen, the smaller its rounding errors. */
export const addBlock = (f: FunctionBuilder, block: readonly V128[], pointer: I32, offset = 0): void => block.forEach((local, j) => f.store(pointer, local.add(loadV128(pointer, offset + 16 * j)), offset + 16 * j));

/** Copies the first `count` channels of the block at `from`, and writes nothing behind them. Changes `to`. */
export function copyBlock(f: FunctionBuilder, to: I32, from: I32, count: I32): void {
  f.if(
    count.ge(blockChannels),
    () => {
      for (let j = 0; j < blockVectors; j++) f.store(to, loadV128(from, 16 * j), 16 * j);
    },
    () => {
      const source = f.i32(from);
      f.times(count, () => {
        f.store(to, loadF32(source));
        f.advance(source, 4);
        f.advance(to, 4);
      });
    },
  );
}
