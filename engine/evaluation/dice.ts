/** @file Overlap of a segmentation with its reference (Dice, Ecology 1945), structure by structure. */
import type { Structure } from '../contract/engine-api';

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

export interface Summary {
  readonly mean: number | null;
  /** Standard deviation of the sample (n - 1); 0 for fewer than two values. */
  readonly sd: number;
  /** How many values are defined. */
  readonly n: number;
}

/** Mean, spread and number of the values that are defined. */
export function summarise(values: readonly (number | null)[]): Summary {
  const defined = values.filter((value) => value !== null);
  const n = defined.length;
  if (n === 0) return { mean: null, sd: 0, n };
  const mean = defined.reduce((sum, value) => sum + value, 0) / n;
  const squares = defined.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: n < 2 ? 0 : Math.sqrt(squares / (n - 1)), n };
}
