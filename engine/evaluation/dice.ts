/** @file Overlap of a segmentation with its reference (Dice, Ecology 1945), structure by structure. */
import type { Structure } from '../contract/engine-api';
import { summarise } from './statistics';

export interface StructureOverlap extends Structure {
  /** 2 |prediction and reference| / (|prediction| + |reference|); null where both are empty. */
  readonly dice: number | null;
  readonly predictedVoxels: number;
  readonly referenceVoxels: number;
  readonly commonVoxels: number;
}

/** Overlap of each structure; both label maps have the same shape. */
export function overlaps(prediction: Uint8Array, reference: Uint8Array, structures: readonly Structure[]): StructureOverlap[] {
  const predicted = new Uint32Array(256);
  const referenced = new Uint32Array(256);
  const common = new Uint32Array(256);
  for (let i = 0; i < prediction.length; i++) {
    predicted[prediction[i]]++;
    referenced[reference[i]]++;
    if (prediction[i] === reference[i]) common[prediction[i]]++;
  }
  return structures.map(({ value, name }) => {
    const sizes = predicted[value] + referenced[value];
    return { value, name, dice: sizes === 0 ? null : (2 * common[value]) / sizes, predictedVoxels: predicted[value], referenceVoxels: referenced[value], commonVoxels: common[value] };
  });
}

/** Mean over structures whose Dice is defined; null where none is. */
export const meanDice = (scores: readonly { dice: number | null }[]): number | null => summarise(scores.map(({ dice }) => dice)).mean;
