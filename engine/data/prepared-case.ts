/** @file A case ready to be turned: normalised upright on its own voxels, then laid on its canvas. */
import type { Shape } from '../contract/engine-api';
import { SplineVolume } from '../math/spline-volume';
import type { Volume } from '../math/volume';
import { borderMedian, placeOnCanvas } from './canvas';
import { zScore } from './normalise';

/** What {@link prepareCase} needs of an image and its labels, as read from files. */
export interface CaseVolumes {
  readonly image: Volume<Float32Array>;
  readonly labels: Volume<Uint8Array> | null;
}

export interface PreparedCase {
  /** Normalised intensities on the canvas. */
  readonly image: SplineVolume;
  /** Of the canvas outside the case: median of the case's border, normalised. */
  readonly fill: number;
  /** Labels on the canvas. */
  readonly reference: Volume<Uint8Array> | null;
}

export function prepareCase({ image, labels }: CaseVolumes, canvas: Shape): PreparedCase {
  const normalised = { data: zScore(image.data), shape: image.shape };
  const fill = borderMedian(normalised);
  return { image: new SplineVolume(placeOnCanvas(normalised, canvas, fill)), fill, reference: labels && placeOnCanvas(labels, canvas, 0) };
}
