/** @file What both U-Nets share: two blocks' worth of layers a level, pooling, upsampling, skip connections (Ronneberger et al., arXiv:1505.04597; MELBA 2024:010, section 2). */
import { tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import { concatChannels } from '../ops/concat-channels';

export type Block = (x: Tensor5D) => Tensor5D;

/** Names of the blocks from the top level down, and from the bottom up. */
export const downBlock = (level: number): string => `down.down_blocks.${level}`;
export const upBlock = (level: number, poolings: number): string => `up.up_blocks.${poolings - 1 - level}`;

export interface UnetLayers {
  readonly poolings: number;
  readonly down: (level: number) => Block;
  readonly pool: (level: number) => Block;
  /** From the level below to this one. */
  readonly upsample: (level: number) => Block;
  /** Reads the upsampled features and, behind them, those of the same level on the way down. */
  readonly up: (level: number) => Block;
  readonly out: Block;
}

export function runUnet({ poolings, down, pool, upsample, up, out }: UnetLayers, image: Tensor5D): Tensor5D {
  return tidy(() => {
    const skips: Tensor5D[] = [];
    let x = tidy(() => down(0)(image));
    for (let level = 0; level < poolings; level++) {
      skips.push(x);
      x = tidy(() => down(level + 1)(pool(level)(x)));
    }
    for (let level = poolings - 1; level >= 0; level--) {
      const below = x;
      x = tidy(() => up(level)(concatChannels(upsample(level)(below), skips[level]!)));
      below.dispose();
      skips[level]!.dispose();
    }
    return out(x);
  });
}
