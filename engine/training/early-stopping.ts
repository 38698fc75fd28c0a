/** @file When to stop: no better validation for `patience` epochs. */

export interface Progress {
  readonly bestEpoch: number | null;
  readonly bestDice: number | null;
}
export const nothingYet: Progress = { bestEpoch: null, bestDice: null };

/** A tie keeps the earlier epoch. */
export const afterEpoch = (progress: Progress, epoch: number, dice: number): Progress => (progress.bestDice === null || dice > progress.bestDice ? { bestEpoch: epoch, bestDice: dice } : progress);

export const shouldStop = ({ bestEpoch }: Progress, epoch: number, patience: number): boolean => bestEpoch !== null && epoch - bestEpoch >= patience;
