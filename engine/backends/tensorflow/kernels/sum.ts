/** @file Sum by tfjs's own addition. */
import { add } from '@tensorflow/tfjs-core';
import type { KernelFactory } from './kernel';

export const sum: KernelFactory<'Sum'> = () => ({ Sum: ({ a, b }) => [add(a, b)] });
