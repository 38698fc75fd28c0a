/** @file The pixels of one slice: grey values, prediction as fill, reference as a white outline with a dark halo, disagreement solid and hatched. */

import type { Rgb } from '../ui/tokens';

export interface SlicePaint {
  readonly width: number;
  readonly height: number;
  /** Intensities; NaN outside the scan. */
  readonly grey: Float32Array;
  /** Intensities shown black and white. */
  readonly window: readonly [low: number, high: number];
  /** Colour outside the scan. */
  readonly background: Rgb;
  /** Weights (0 to 1, border at one half) of each structure in the prediction that is filled, with its opacity. */
  readonly prediction: readonly { readonly weight: Float32Array; readonly colour: Rgb; readonly opacity: number }[];
  /** The same for the reference; null where it is hidden or there is none. */
  readonly outlines: readonly Float32Array[] | null;
  /** Weights of all visible structures together; null hides disagreement. */
  readonly disagreement: { readonly predicted: Float32Array; readonly reference: Float32Array; readonly missed: Rgb; readonly extra: Rgb } | null;
  /** Device pixels in a CSS pixel, so that lines keep their width. */
  readonly pixelRatio: number;
}

const halfLine = 0.7;
const halo = 2;
const hatchPeriod = 5;

/** RGBA, row by row. */
export function paintSlice(paint: SlicePaint, rgba: Uint8ClampedArray): void {
  const { width, height, grey, window, background, prediction, outlines, disagreement, pixelRatio } = paint;
  const gain = 255 / (window[1] - window[0]);
  for (let at = 0; at < width * height; at++) {
    const intensity = grey[at];
    const level = (intensity - window[0]) * gain;
    const inside = !Number.isNaN(intensity);
    let red = inside ? level : background[0], green = inside ? level : background[1], blue = inside ? level : background[2];
    const blend = (colour: Rgb, alpha: number) => {
      red += (colour[0] - red) * alpha;
      green += (colour[1] - green) * alpha;
      blue += (colour[2] - blue) * alpha;
    };
    if (inside) red = green = blue = level < 0 ? 0 : level > 255 ? 255 : level;
    for (const { weight, colour, opacity } of prediction) if (weight[at] > 0) blend(colour, opacity * edge(weight, at, width));
    if (disagreement) {
      const predicted = disagreement.predicted[at], reference = disagreement.reference[at];
      if (reference > 0.5 && predicted <= 0.5) blend(disagreement.missed, 0.9);
      const stripe = ((at % width) + Math.floor(at / width)) / pixelRatio;
      if (predicted > 0.5 && reference <= 0.5 && stripe % hatchPeriod < hatchPeriod / 2) blend(disagreement.extra, 0.85);
    }
    if (outlines)
      for (const weight of outlines) {
        if (weight[at] <= 0 || weight[at] >= 1) continue;
        const distance = borderDistance(weight, at, width) / pixelRatio;
        if (distance > halo + 1) continue;
        blend(black, 0.6 * fade(distance - halo));
        blend(white, fade(distance - halfLine));
      }
    rgba[4 * at] = red;
    rgba[4 * at + 1] = green;
    rgba[4 * at + 2] = blue;
    rgba[4 * at + 3] = 255;
  }
}

const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

/** 1 up to a distance of -1/2, 0 from 1/2: one pixel of anti-aliasing. */
const fade = (distance: number): number => (distance <= -0.5 ? 1 : distance >= 0.5 ? 0 : 0.5 - distance);

/** How much of the pixel lies inside the border at weight 1/2. */
const edge = (weight: Float32Array, at: number, width: number): number => fade(((weight[at] > 0.5 ? -1 : 1) * borderDistance(weight, at, width)));

/** Distance to the border in pixels, to first order: height over slope. */
function borderDistance(weight: Float32Array, at: number, width: number): number {
  const sideways = ((weight[at + 1] ?? 0) - (weight[at - 1] ?? 0)) / 2;
  const downwards = ((weight[at + width] ?? 0) - (weight[at - width] ?? 0)) / 2;
  return Math.abs(weight[at] - 0.5) / Math.max(Math.hypot(sideways, downwards), 1e-6);
}
