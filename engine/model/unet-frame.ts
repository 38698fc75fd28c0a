/** @file What both U-Nets share: two blocks' worth of layers a level, pooling, upsampling, skip connections (Ronneberger et al., arXiv:1505.04597; MELBA 2024:010, section 2). */
import { tidy, type Tensor5D, type Variable } from '@tensorflow/tfjs-core';
import type { AlongAxes } from '../contract/network-sizes';
import { recomputed } from '../ops/backpropagation';
import { recomputedLevels } from './recomputed-levels';

export type Block = (x: Tensor5D) => Tensor5D;
/** Reads the upsampled features and, behind them, those of the same level on the way down. */
export type UpBlock = (upsampled: Tensor5D, skip: Tensor5D) => Tensor5D;

/** y, made of x, which only the tape may still need. Blocks give up in this way all they make, and what they read but the image; y may be x itself. */
export function replaced<T extends Tensor5D>(x: Tensor5D, y: T): T {
  if (y !== x) x.dispose();
  return y;
}

/** Names of the blocks from the top level down, and from the bottom up. */
export const downBlock = (level: number): string => `down.down_blocks.${level}`;
export const upBlock = (level: number, poolings: number): string => `up.up_blocks.${poolings - 1 - level}`;

export interface UnetLayers {
  /** Voxels joined by each pooling. */
  readonly extents: readonly AlongAxes[];
  readonly variables: ReadonlyMap<string, Variable>;
  readonly down: (level: number) => Block;
  readonly pool: (level: number) => Block;
  /** From the level below to this one. */
  readonly upsample: (level: number) => Block;
  readonly up: (level: number) => UpBlock;
  readonly out: Block;
  /** Channels a voxel keeps for the gradient of a block, by its name: all that its operators read. */
  readonly keptChannels: (name: string) => number;
}

export function runUnet({ extents, variables, down, pool, upsample, up, out, keptChannels }: UnetLayers, image: Tensor5D): Tensor5D {
  const poolings = extents.length;
  const recomputing = recomputedLevels(
    [...extents, [1, 1, 1]].map((_, level) => {
      const voxels = extents.slice(0, level).reduce((count, [x, y, z]) => count / (x * y * z), image.size / image.shape[4]);
      return [downBlock(level), ...(level < poolings ? [upBlock(level, poolings)] : [])].map((name) => 4 * voxels * keptChannels(name));
    }),
  );
  /** A block of the level under its name, kept or recomputed. */
  const run = (level: number, name: string, block: (...inputs: Tensor5D[]) => Tensor5D, ...inputs: Tensor5D[]): Tensor5D =>
    tidy(() => (level < recomputing ? recomputed(block, inputs, [...variables].flatMap(([key, one]) => (key.startsWith(`${name}.`) ? [one] : []))) : block(...inputs)));
  return tidy(() => {
    const skips: Tensor5D[] = [];
    let x = run(0, downBlock(0), down(0), image);
    for (let level = 1; level <= poolings; level++) {
      skips.push(x);
      x = run(level, downBlock(level), (above) => down(level)(pool(level - 1)(above)), x);
    }
    for (let level = poolings - 1; level >= 0; level--) {
      const below = x;
      x = run(level, upBlock(level, poolings), (from, skip) => up(level)(upsample(level)(from), skip), below, skips[level]!);
      below.dispose();
      skips[level]!.dispose();
    }
    return out(x);
  });
}
