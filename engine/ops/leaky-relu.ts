/** @file Leaky ReLU: y = x where x > 0, slope x elsewhere (also its derivative at 0). Source: Maas, Hannun and Ng, ICML 2013. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Operators } from './operators';
import { defineGradient, runOperator } from './run-operator';

/** Of any shape. */
export const leakyRelu = <T extends Tensor>(x: T, attributes: Operators['LeakyRelu']['attributes']): T => runOperator('LeakyRelu', { x }, attributes)[0] as T;

defineGradient('LeakyRelu', ['x'], (dy, [x], attributes) => ({ x: () => runOperator('LeakyReluBackward', { dy, x }, attributes)[0] }));
