/** @file Overlap of a segmentation with its reference (Dice, Ecology 1945), structure by structure. */
import { labelsIn, type Structure } from '../contract/structure';
import { summarise } from './statistics';

export interface StructureOverlap extends Structure {
  /** 2 |prediction and reference| / (|prediction| + |reference|); null where both are empty. */
  readonly dice: number | null;
  readonly predictedVoxels: number;
  readonly referenceVoxels: number;
  readonly commonVoxels: number;
}

/** Overlap of each structure, of a region as the union of its labels; both label maps have the same shape. */
export function overlaps(prediction: Uint8Array, reference: Uint8Array, structures: readonly Structure[]): StructureOverlap[] {
  // How often each pair of labels meets.
  const pairs = new Uint32Array(256 * 256);
  for (let i = 0; i < prediction.length; i++) pairs[256 * prediction[i] + reference[i]]++;
  const all = Array.from({ length: 256 }, (_, label) => label);
  const count = (predicted: readonly number[], referenced: readonly number[]): number => predicted.reduce((sum, p) => referenced.reduce((rest, r) => rest + pairs[256 * p + r], sum), 0);
  return structures.map((structure) => {
    const labels = labelsIn(structure);
    const [predictedVoxels, referenceVoxels, commonVoxels] = [count(labels, all), count(all, labels), count(labels, labels)];
    const sizes = predictedVoxels + referenceVoxels;
    return { ...structure, dice: sizes === 0 ? null : (2 * commonVoxels) / sizes, predictedVoxels, referenceVoxels, commonVoxels };
  });
}

/** Overlap where voxels with a label that counts nowhere are background in both. */
export function overlapsBeside(ignoreLabel: number | undefined, prediction: Uint8Array, reference: Uint8Array, structures: readonly Structure[]): StructureOverlap[] {
  if (ignoreLabel === undefined) return overlaps(prediction, reference, structures);
  const counts = (labels: Uint8Array): Uint8Array => labels.map((label, voxel) => (reference[voxel] === ignoreLabel ? 0 : label));
  return overlaps(counts(prediction), counts(reference), structures);
}

/** Mean over structures whose Dice is defined; null where none is. */
export const meanDice = (scores: readonly { dice: number | null }[]): number | null => summarise(scores.map(({ dice }) => dice)).mean;
