/** @file From a spec to a network. */
import type { Variable } from '@tensorflow/tfjs-core';
import type { ModelSpec } from '../contract/model-spec';
import { groupUnetLogits, planGroupUnet } from './group-unet';
import type { Network } from './network';
import { planSteerableUnet, steerableUnetLogits } from './steerable-unet';
import { planUnet, unetLogits } from './unet';
import { makeVariables, type PlannedVariable } from './variable-plan';

/** All variables of the spec and its running statistics, in the order of the network. */
export function planVariables(spec: ModelSpec): readonly PlannedVariable[] {
  switch (spec.architecture) {
    case 'steerable-unet': return planSteerableUnet(spec);
    case 'unet': return planUnet(spec);
    case 'group-unet': return planGroupUnet(spec);
  }
}

/** A network with fresh weights; the same spec and seed give the same. With `blank` all weights are 0, which takes no time: enough for a plan. */
export function buildNetwork(spec: ModelSpec, seed: number | 'blank'): Network {
  const all = [...makeVariables(planVariables(spec), seed)];
  const [variables, statistics] = [true, false].map((trainable) => new Map(all.filter(([, one]) => one.trainable === trainable))) as [Map<string, Variable>, Map<string, Variable>];
  return {
    spec,
    variables,
    statistics,
    logits: (image, training) => {
      switch (spec.architecture) {
        case 'steerable-unet': return steerableUnetLogits(spec, variables, statistics, image, training);
        case 'unet': return unetLogits(spec, variables, image);
        case 'group-unet': return groupUnetLogits(spec, variables, image);
      }
    },
    dispose: () => all.forEach(([, one]) => one.dispose()),
  };
}
