/** @file How far two arrays are apart, as everywhere in Gyra: largest error over largest expected value. */
import { expect } from 'vitest';

export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let [error, size] = [0, 0];
  for (let n = 0; n < expected.length; n++) {
    if (!Number.isFinite(actual[n])) return Infinity;
    error = Math.max(error, Math.abs(actual[n] - expected[n]));
    size = Math.max(size, Math.abs(expected[n]));
  }
  return error / (size || 1);
}
