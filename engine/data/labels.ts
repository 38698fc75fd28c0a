/** @file Reference labels: whole numbers on the grid of their image. */
import type { Structure } from '../contract/engine-api';
import { badInput } from '../contract/problem';
import { printShape, sameShape, type Volume } from '../math/volume';
import { readVolume, type NiftiVolume } from './nifti';
import { printSpacing } from './nifti-geometry';

export interface LabelVolume extends Volume<Uint8Array>, Pick<NiftiVolume, 'spacingMm' | 'orientation'> {}

/**
 * Labels of a NIfTI file; background is 0.
 * @param structures What the values may be beside 0; null allows 0 to 255.
 * @param ignoreLabel A value that may stand beside them.
 * @throws GyraError where a value is no whole number or not listed, and as {@link readVolume} does.
 */
export function readLabels(bytes: Uint8Array, name: string, structures: readonly Structure[] | null, ignoreLabel?: number): LabelVolume {
  const { data, shape, spacingMm, orientation } = readVolume(bytes, name);
  const values = [...new Set(data)];
  const fraction = values.find((value) => !Number.isInteger(value));
  if (fraction !== undefined) throw badInput(`${name} holds ${fraction}, and labels are whole numbers.`, 'Give the label file, not the image or a probability map; if labels were resampled, use nearest neighbour.');
  const listed = structures && [0, ...structures.map(({ value }) => value), ...(ignoreLabel === undefined ? [] : [ignoreLabel])];
  const foreign = values.filter((value) => (listed ? !listed.includes(value) : value < 0 || value > 255)).sort((a, b) => a - b);
  if (foreign.length > 0) {
    const allowed = listed ? listed.join(', ') : '0 to 255';
    throw badInput(`${name} holds the label${foreign.length > 1 ? 's' : ''} ${foreign.slice(0, 5).join(', ')}${foreign.length > 5 ? ' ...' : ''}; allowed: ${allowed}.`, listed ? 'List the label in dataset.json, or correct the file.' : 'Renumber the labels from 0.');
  }
  return { data: Uint8Array.from(data), shape, spacingMm, orientation };
}

/** What of a volume says on which grid it lies. */
type Grid = Pick<NiftiVolume, 'shape' | 'spacingMm' | 'orientation'>;

/** Throws a GyraError naming both files and both values where labels, or another contrast, do not lie on the grid of their image. */
export function checkSameGrid(labels: Grid, labelName: string, image: Grid, imageName: string): void {
  const differ = (what: string, ofLabels: string, ofImage: string): Error =>
    badInput(`${labelName} has ${what} ${ofLabels}, but its image ${imageName} has ${ofImage}.`, 'Give the labels that were drawn on this image, or resample them onto its grid with nearest neighbour.');
  if (!sameShape(labels.shape, image.shape)) throw differ('shape', printShape(labels.shape), printShape(image.shape));
  if (labels.spacingMm.some((size, axis) => Math.abs(size - image.spacingMm[axis]) > 1e-3 * size)) throw differ('voxel size', printSpacing(labels.spacingMm), printSpacing(image.spacingMm));
  if (labels.orientation !== image.orientation) throw differ('orientation', labels.orientation, image.orientation);
}
