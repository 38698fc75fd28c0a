import { describe, expect, it } from 'vitest';
import { ratioOf } from '../../engine/contract/irreps-text';

describe('the ratio of irreps', () => {
  it.each([['8x0e+4x1e+2x2e', '8:4:2'], ['30x0e', '30:0:0'], ['8x0e+8x1e', '8:8:0'], ['4x0e+2x2e', '4:0:2'], ['4x0e+4x0o+2x1e+2x1o+1x3o', '8:4:0:1']])('of %s', (irreps, ratio) => expect(ratioOf(irreps)).toBe(ratio));
  it('is refused of what is none', () => expect(() => ratioOf('8x0e+4:1')).toThrow('"8x0e+4:1" are no irreps.'));
});
