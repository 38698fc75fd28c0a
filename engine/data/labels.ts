/** @file Reference labels: whole numbers on the grid of their image. */
import type { Shape } from '../contract/engine-api';
import { badInput } from '../contract/problem';
import { labelsIn, type Structure } from '../contract/structure';
import { printShape, sameShape, type Volume } from '../math/volume';
import { affineMm, printSpacing } from './nifti-geometry';
import { gridInRas, type Grid } from './orientation';
import type { Scan } from './scan';

export interface LabelVolume extends Volume<Uint8Array>, Grid {}

export interface LabelOptions {
  /** A value that may stand beside the structures. */
  readonly ignoreLabel?: number;
  /** Label of each value in the file, where files have codes of their own; values without one are background. */
  readonly labelOfCode?: ReadonlyMap<number, number>;
}

/**
 * Labels of what was read from a file; background is 0.
 * @param structures What the values may be beside 0; null allows 0 to 255.
 * @throws GyraError where a value is no whole number or not listed.
 */
export function labelsOf({ data, ...grid }: Scan, name: string, structures: readonly Structure[] | null, { ignoreLabel, labelOfCode }: LabelOptions = {}): LabelVolume {
  const values = [...new Set(data)];
  const fraction = values.find((value) => !Number.isInteger(value));
  if (fraction !== undefined) throw badInput(`${name} holds ${fraction}, and labels are whole numbers.`, 'Give the label file, not the image or a probability map; if labels were resampled, use nearest neighbour.');
  if (labelOfCode) return { ...grid, data: Uint8Array.from(data, (code) => labelOfCode.get(code) ?? 0) };
  const listed = structures && [...new Set([0, ...structures.flatMap(labelsIn), ...(ignoreLabel === undefined ? [] : [ignoreLabel])])];
  const foreign = values.filter((value) => (listed ? !listed.includes(value) : value < 0 || value > 255)).sort((a, b) => a - b);
  if (foreign.length > 0) {
    const allowed = listed ? listed.join(', ') : '0 to 255';
    throw badInput(`${name} holds the label${foreign.length > 1 ? 's' : ''} ${foreign.slice(0, 5).join(', ')}${foreign.length > 5 ? ' ...' : ''}; allowed: ${allowed}.`, listed ? 'List the label where the structures are named (dataset.json, labels.json, dseg.tsv), or correct the file.' : 'Renumber the labels from 0.');
  }
  return { ...grid, data: Uint8Array.from(data) };
}

/** Throws a GyraError naming both files and both values where labels, or another contrast, do not lie on the grid of their image. Both may be stored in different orientations. */
export function checkSameGrid(labels: Grid, labelName: string, image: Grid, imageName: string): void {
  const differ = (what: string, ofLabels: string, ofImage: string): Error =>
    badInput(`${labelName} has ${what} ${ofLabels}, but its image ${imageName} has ${ofImage}.`, 'Give the labels that were drawn on this image, or resample them onto its grid with nearest neighbour.');
  const [one, other] = labels.orientation === image.orientation ? [labels, image] : [gridInRas(labels), gridInRas(image)];
  if (!sameShape(one.shape, other.shape)) throw differ('shape', printShape(labels.shape), printShape(image.shape));
  if (one.spacingMm.some((size, axis) => Math.abs(size - other.spacingMm[axis]) > 1e-3 * size)) throw differ('voxel size', printSpacing(labels.spacingMm), printSpacing(image.spacingMm));
  // Stored in two orientations, they belong together only where they lie in the same place.
  if (labels.orientation !== image.orientation && apartVoxels(one, other, [0, 0, 0]) > 0.5) throw differ('orientation', labels.orientation, image.orientation);
}

/** How far two volumes of one shape and orientation lie from each other where they are farthest apart, at one of the corners, in voxels. */
export function cornersApartVoxels(one: Grid, other: Grid): number {
  const [x, y, z] = one.shape.map((size) => [0, size - 1]) as [number[], number[], number[]];
  return Math.max(...x.flatMap((i) => y.flatMap((j) => z.map((k) => apartVoxels(one, other, [i, j, k])))));
}

function apartVoxels(one: Grid, other: Grid, voxel: Shape): number {
  const [a, b] = [one, other].map(({ geometry }) => {
    const matrix = affineMm(geometry);
    return [0, 4, 8].map((row) => voxel.reduce((sum, at, axis) => sum + matrix[row + axis]! * at, matrix[row + 3]!));
  }) as [number[], number[]];
  return Math.hypot(...a.map((at, axis) => at - b[axis]!)) / Math.min(...one.spacingMm);
}
