/** @file ArgMaxChannels by tfjs's own; that the first wins a tie is part of the self-check. */
import { argMax } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

export const argMaxChannels: KernelFactory<'ArgMaxChannels'> = () => ({ ArgMaxChannels: ({ x }) => [argMax(x, 4)] });
