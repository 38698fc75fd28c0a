/** @file LeakyRelu in plain loops. */
import type { Reference } from './reference';

export const leakyRelu: Reference<'LeakyRelu'> = ({ x }, { slope }) => ({ y: { shape: x.shape, data: x.data.map((value) => (value > 0 ? value : slope * value)) } });

export const leakyReluBackward: Reference<'LeakyReluBackward'> = ({ dy, x }, { slope }) => ({ dx: { shape: x.shape, data: dy.data.map((value, n) => (x.data[n] > 0 ? value : slope * value)) } });
