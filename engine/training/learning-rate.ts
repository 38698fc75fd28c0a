/** @file The learning rate of each step. */
import type { TrainingSpec } from '../contract/training-spec';

/** Learning rate of a step counted from 1; `polynomial` as in nnU-Net (Isensee et al. 2021, Methods): the initial rate times (1 - done / ceiling)^0.9. */
export function learningRateSchedule({ optimiser: { learningRate, schedule }, stopping: { maximumSteps } }: Pick<TrainingSpec, 'optimiser' | 'stopping'>): (step: number) => number {
  if (schedule === 'constant') return () => learningRate;
  return (step) => learningRate * (1 - (step - 1) / maximumSteps) ** 0.9;
}
