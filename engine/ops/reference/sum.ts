/** @file Sum in a plain loop. */
import type { Reference } from './reference';

export const sum: Reference<'Sum'> = ({ a, b }) => ({ y: { shape: a.shape, data: a.data.map((value, i) => value + b.data[i]) } });
