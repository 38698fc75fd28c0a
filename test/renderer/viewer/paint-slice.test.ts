import { describe, expect, it } from 'vitest';
import { paintSlice, type SlicePaint } from '../../../renderer/viewer/paint-slice';

/** Sixteen pixels in a row of three, the weight falling through one half between pixels 7 and 8. */
const [width, height] = [16, 3];
const ramp = (shift = 0) => Float32Array.from({ length: width * height }, (_, at) => Math.min(1, Math.max(0, 0.5 + (7.5 + shift - (at % width)) / 8)));
const base: SlicePaint = {
  width,
  height,
  grey: new Float32Array(width * height).fill(0.5),
  window: [0, 1],
  background: [1, 2, 3],
  prediction: [],
  outlines: null,
  disagreement: null,
  pixelRatio: 1,
};
function painted(change: Partial<SlicePaint>): (x: number) => number[] {
  const rgba = new Uint8ClampedArray(width * height * 4);
  paintSlice({ ...base, ...change }, rgba);
  return (x) => [...rgba.slice(4 * (width + x), 4 * (width + x) + 3)];
}

describe('a painted slice', () => {
  it('shows intensities within the window and the background outside the scan', () => {
    const grey = base.grey.slice();
    grey[width] = NaN;
    grey[width + 1] = -3;
    grey[width + 2] = 9;
    const pixel = painted({ grey });
    expect([pixel(0), pixel(1), pixel(2), pixel(3)]).toEqual([[1, 2, 3], [0, 0, 0], [255, 255, 255], [128, 128, 128]]);
  });

  it('fills the prediction up to its border with its opacity', () => {
    const pixel = painted({ prediction: [{ weight: ramp(), colour: [255, 0, 0], opacity: 0.5 }] });
    expect(pixel(3)).toEqual([191, 64, 64]);
    expect(pixel(12)).toEqual([128, 128, 128]);
  });

  it('draws the reference white at its border, dark beside it, and nothing further away', () => {
    const pixel = painted({ outlines: [ramp()] });
    expect(Math.min(...pixel(7), ...pixel(8))).toBeGreaterThan(180);
    expect(Math.max(...pixel(6))).toBeLessThan(100);
    expect(pixel(2)).toEqual([128, 128, 128]);
  });

  it('marks what was missed solid and what is extra in stripes', () => {
    const disagreement = { missed: [255, 0, 0], extra: [255, 255, 255] } as const;
    const missed = painted({ disagreement: { ...disagreement, predicted: ramp(-4), reference: ramp() } });
    for (const x of [4, 5, 6, 7]) expect(missed(x)[0]).toBeGreaterThan(missed(x)[1]);
    expect(missed(2)).toEqual([128, 128, 128]);
    const extra = painted({ disagreement: { ...disagreement, predicted: ramp(), reference: ramp(-6) } });
    const levels = [2, 3, 4, 5, 6, 7].map((x) => extra(x)[0]);
    expect(Math.max(...levels)).toBeGreaterThan(200);
    expect(Math.min(...levels)).toBe(128);
  });
});
