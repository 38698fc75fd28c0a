/** @file What a design costs before it is built. */
import type { ModelSpec } from '../contract/model-spec';
import { planVariables } from './build-network';
import { countParameters } from './variable-plan';

/** Parameters stored, and live: those of radial functions that meet a tap of the lattice. */
export const parameterCount = (spec: ModelSpec): { stored: number; live: number } => countParameters(planVariables(spec));
