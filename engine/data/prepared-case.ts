/** @file A case ready to be turned: normalised upright on its own voxels, then laid on its canvas. */
import type { Shape } from '../contract/engine-api';
import { SplineVolume } from '../math/spline-volume';
import type { Volume } from '../math/volume';
import { borderMedian, placeOnCanvas } from './canvas';
import { zScore } from './normalise';

/** What {@link prepareCase} needs of a case as read from files: its contrasts, all of one shape, and its labels. */
export interface CaseVolumes {
  readonly images: readonly Volume<Float32Array>[];
  readonly labels: Volume<Uint8Array> | null;
}

export interface PreparedCase {
  /** Normalised intensities of each contrast on the canvas. */
  readonly images: readonly SplineVolume[];
  /** Of the canvas outside the case, for each contrast: median of the case's border, normalised. */
  readonly fills: readonly number[];
  /** Labels on the canvas. */
  readonly reference: Volume<Uint8Array> | null;
}

export function prepareCase({ images, labels }: CaseVolumes, canvas: Shape): PreparedCase {
  const { normalised, fills } = normalise(images);
  return { images: normalised.map((image, contrast) => new SplineVolume(placeOnCanvas(image, canvas, fills[contrast]!))), fills, reference: labels && placeOnCanvas(labels, canvas, 0) };
}

/** Each contrast on its own scale, with the fill that surrounds it. */
export function normalise(images: CaseVolumes['images']): { normalised: Volume<Float32Array>[]; fills: number[] } {
  const normalised = images.map(({ data, shape }) => ({ data: zScore(data), shape }));
  return { normalised, fills: normalised.map(borderMedian) };
}
