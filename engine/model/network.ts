/** @file What every network offers, whatever its architecture. */
import type { Tensor5D, Variable } from '@tensorflow/tfjs-core';
import type { ModelSpec } from '../contract/model-spec';

export interface Network {
  readonly spec: ModelSpec;
  /** Trainable variables by name, in a fixed order; the names in the weights file. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Logits [1, z, y, x, outputs] of an image [1, z, y, x, inputs] whose sizes the network takes (`acceptedSizes`). */
  logits(image: Tensor5D): Tensor5D;
  dispose(): void;
}
