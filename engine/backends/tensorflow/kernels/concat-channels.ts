/** @file ConcatChannels by tfjs's own. */
import { concat, split } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

export const concatChannels: KernelFactory<'ConcatChannels' | 'ConcatChannelsBackward'> = () => ({
  ConcatChannels: ({ a, b }) => [concat([a, b], 4)],
  ConcatChannelsBackward: ({ dy }, { channelsA }) => split(dy, [channelsA, dy.shape[4]! - channelsA], 4),
});
