/** @file What the U-Nets share: two blocks' worth of layers a level, pooling, upsampling, skip connections (Ronneberger et al., arXiv:1505.04597; MELBA 2024:010, section 2). */
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

/** Of the ordinary and the group U-Net: instance norm, leaky ReLU, and pooling. */
export const epsilon = 1e-5;
export const slope = 0.01;
export const halving = [2, 2, 2] as const;
export const featuresOfLevel = (features: number, level: number): number => features * 2 ** level;

/** Their blocks in order, with channels in and out; the first reads `inputs`. */
export function unetBlocks({ poolings, features }: { readonly poolings: number; readonly features: number }, inputs: number): { name: string; from: number; to: number }[] {
  const of = (level: number): number => featuresOfLevel(features, level);
  const down = Array.from({ length: poolings + 1 }, (_, level) => ({ name: downBlock(level), from: level === 0 ? inputs : of(level - 1), to: of(level) }));
  const up = Array.from({ length: poolings }, (_, i) => poolings - 1 - i).map((level) => ({ name: upBlock(level, poolings), from: of(level + 1) + of(level), to: of(level) }));
  return [...down, ...up];
}

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
