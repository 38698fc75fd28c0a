/** @file LeakyRelu by selection. */
import { greater, mul, where } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

export const leakyRelu: KernelFactory<'LeakyRelu' | 'LeakyReluBackward'> = () => ({
  LeakyRelu: ({ x }, { slope }) => [where(greater(x, 0), x, mul(x, slope))],
  LeakyReluBackward: ({ dy, x }, { slope }) => [where(greater(x, 0), dy, mul(dy, slope))],
});
