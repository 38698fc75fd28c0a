/** @file What every network offers, whatever its architecture. */
import type { Tensor5D, Variable } from '@tensorflow/tfjs-core';
import type { ModelSpec } from '../contract/model-spec';

/** A step of a training: what is random in the network follows from it, so that a resumed training sees the same. */
export interface TrainingStep {
  readonly seed: number;
  readonly step: number;
}

export interface Network {
  readonly spec: ModelSpec;
  /** Trainable variables by name, in a fixed order; the names in the weights file. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** What training gathers without gradients: running means and squared sizes of batch norms. Kept with the weights. */
  readonly statistics: ReadonlyMap<string, Variable>;
  /**
   * Logits [batch, z, y, x, outputs] of an image [batch, z, y, x, inputs] whose sizes the network takes (`acceptedSizes`). With a training step, copies are dropped and batch norms
   * use the statistics of this batch and move the running ones (once a call, however often a block of it is computed); without, the network only evaluates.
   */
  logits(image: Tensor5D, training?: TrainingStep): Tensor5D;
  dispose(): void;
}

/** All a weights file holds. */
export const stateOf = ({ variables, statistics }: Network): ReadonlyMap<string, Variable> => new Map([...variables, ...statistics]);
