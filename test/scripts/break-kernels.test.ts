import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { breaks } from '../../scripts/break-kernels.mjs';

it.each(breaks.map((one) => [one.what, one] as const))('what `npm run breaks` breaks is there, once: %s', (_what, { file, from, test }) => {
  expect(readFileSync(file, 'utf8').split(from)).toHaveLength(2);
  expect(existsSync(test)).toBe(true);
});
