/** @file A network with given weights instead of fresh ones. */
import { tensor, tidy } from '@tensorflow/tfjs-core';
import type { ModelSpec } from '../contract/model-spec';
import { buildNetwork } from './build-network';
import { stateOf, type Network } from './network';

/** @param weights by name, as the plan of the spec has them: more are ignored, none may be missing */
export function networkWithWeights(spec: ModelSpec, weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>): Network {
  const network = buildNetwork(spec, 'blank');
  tidy(() => stateOf(network).forEach((value, name) => value.assign(tensor(weights.get(name)!.data, [...weights.get(name)!.shape]))));
  return network;
}
