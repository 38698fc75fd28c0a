import { describe, expect, it } from 'vitest';
import { changeText, diceText, durationText, millilitresText, parseDegrees, shapeText, spacingText } from '../../../renderer/ui/format';

describe('numbers in the window', () => {
  it('writes Dice with two places, and a dash for none', () => {
    expect([diceText(0.914), diceText(0), diceText(null), diceText(undefined)]).toEqual(['0.91', '0.00', '–', '–']);
  });
  it('writes a change with its sign, and no sign for none', () => {
    expect([changeText(-0.523), changeText(0.012), changeText(-0.001), changeText(0)]).toEqual(['−0.52', '+0.01', '0.00', '0.00']);
  });
  it('writes volumes, shapes and spacings', () => {
    expect(millilitresText(1.728)).toBe('1.73 ml');
    expect(shapeText([36, 48, 40])).toBe('36 × 48 × 40');
    expect([spacingText([1, 1, 1]), spacingText([1, 1, 1.25]), spacingText([0.001, 0.001, 0.001])]).toEqual(['1.0 mm', '1.0 × 1.0 × 1.3 mm', '0.001 mm']);
  });
  it('writes durations', () => {
    expect([durationText(48), durationText(725), durationText(3720), durationText(-1)]).toEqual(['0:48', '12:05', '1:02:00', '0:00']);
  });
  it('reads an angle as people type it', () => {
    expect([parseDegrees('62'), parseDegrees('62.5°'), parseDegrees(' 62,5 '), parseDegrees('-3')]).toEqual([62, 62.5, 62.5, -3]);
    expect([parseDegrees(''), parseDegrees('about 3'), parseDegrees('°')]).toEqual([null, null, null]);
  });
});
