/** @file From a spec to a network. */
import type { ModelSpec } from '../contract/model-spec';
import type { Network } from './network';
import { planSteerableUnet, steerableUnetLogits } from './steerable-unet';
import { planUnet, unetLogits } from './unet';
import { makeVariables, type PlannedVariable } from './variable-plan';

/** All variables of the spec, in the order of the network. */
export const planVariables = (spec: ModelSpec): readonly PlannedVariable[] => (spec.architecture === 'unet' ? planUnet(spec) : planSteerableUnet(spec));

/** A network with fresh weights; the same spec and seed give the same. */
export function buildNetwork(spec: ModelSpec, seed: number): Network {
  const variables = makeVariables(planVariables(spec), seed);
  return {
    spec,
    variables,
    logits: (image) => (spec.architecture === 'unet' ? unetLogits(spec, variables, image) : steerableUnetLogits(spec, variables, image)),
    dispose: () => variables.forEach((one) => one.dispose()),
  };
}
