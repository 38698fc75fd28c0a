import { describe, expect, it } from 'vitest';
import { gateInputIrreps } from '../../../engine/math/so3/gate-irreps';
import { channelStarts, copies, copiesOf, dimension, parseIrreps, printIrreps, scalarCopies } from '../../../engine/math/so3/irreps';

describe('irreps', () => {
  it.each(['8x0e+4x1e+2x2e', '1x0e', '2x0o+3x1o', '4x0e+2x1e+1x2e+2x0e', ''])('prints what it parses: "%s"', (text) => expect(printIrreps(parseIrreps(text))).toBe(text));
  it('reads a missing multiplicity as one, and spaces', () => expect(printIrreps(parseIrreps(' 0e + 2 x 1o'))).toBe('1x0e+2x1o'));
  it.each(['8x0', '8y0e', 'x0e', '8x0e+', '-1x0e', '1.5x0e'])('refuses "%s" and quotes it', (text) => {
    expect(() => parseIrreps(text)).toThrow(expect.objectContaining({ name: 'GyraError', message: expect.stringContaining(`the irreps "${text}"`) as string }) as Error);
  });

  const irreps = parseIrreps('2x0o+3x0e+2x1e+1x2e');
  it('counts channels, copies and scalars', () => expect([dimension(irreps), copies(irreps), scalarCopies(irreps)]).toEqual([16, 8, 3]));
  it('knows where entries and copies start', () => {
    expect(channelStarts(irreps)).toEqual([0, 2, 5, 11]);
    expect(copiesOf(irreps).map(({ start }) => start)).toEqual([0, 1, 2, 3, 4, 5, 8, 11]);
    expect(copiesOf(irreps).map(({ degree }) => degree)).toEqual([0, 0, 0, 0, 0, 1, 1, 2]);
  });

  it.each([
    ['8x0e+4x1e+2x2e', '14x0e+4x1e+2x2e'],
    ['8x0e', '8x0e'],
    ['2x1e', '2x0e+2x1e'],
    ['1x0e+1x1e+2x1e+1x2e', '5x0e+3x1e+1x2e'],
    ['1x0o', '1x0o'],
    ['4x0e+4x0o+2x1e+2x1o', '4x0o+8x0e+2x1o+2x1e'],
  ])('a gate to %s reads %s', (out, read) => expect(printIrreps(gateInputIrreps(parseIrreps(out)))).toBe(read));
  it.each(['1x1e+1x0e', '2x0e+1x1o+1x0o'])('no gate gives %s', (text) => expect(() => gateInputIrreps(parseIrreps(text))).toThrow(text));
});
