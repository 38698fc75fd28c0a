/** @file When to stop: no better validation for `patience` epochs. */
import type { TrainingSpec } from '../contract/training-spec';

export interface Progress {
  readonly bestEpoch: number | null;
  /** Validation Dice and loss of the best epoch. */
  readonly bestDice: number | null;
  readonly bestLoss: number | null;
}
export const nothingYet: Progress = { bestEpoch: null, bestDice: null, bestLoss: null };

/** A tie keeps the earlier epoch. */
export function afterEpoch({ bestEpoch, bestDice, bestLoss }: Progress, epoch: number, { dice, loss }: { dice: number; loss: number }, monitor: TrainingSpec['stopping']['monitor']): Progress {
  const isBetter = monitor === 'validation-dice' ? bestDice === null || dice > bestDice : bestLoss === null || loss < bestLoss;
  return isBetter ? { bestEpoch: epoch, bestDice: dice, bestLoss: loss } : { bestEpoch, bestDice, bestLoss };
}

export const shouldStop = ({ bestEpoch }: Progress, epoch: number, patience: number): boolean => bestEpoch !== null && epoch - bestEpoch >= patience;
