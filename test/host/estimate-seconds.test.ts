import { describe, expect, it } from 'vitest';
import { modelSpec } from '../../engine/contract/model-spec';
import { estimateSeconds } from '../../engine/host/estimate-seconds';
import { patchShape, planStep } from '../../engine/host/plan-step';

describe.each([5e8, 1e6])('with at most %i multiply-adds timed', (most) => it.each([
  { architecture: 'steerable-unet', inputs: 2, outputs: 3, poolings: 1, kernelSize: 5, irreps: '2x0e+1x1e', normalisation: { kind: 'batch' }, pooling: 'low-pass', dropout: 0.1 },
  { architecture: 'steerable-unet', outputs: 3, poolings: 1, kernelSize: 7, scale: 3, irreps: '2x0e+1x1e' },
  { architecture: 'unet', outputs: 3, poolings: 2, kernelSize: 3, features: 3 },
  { architecture: 'group-unet', outputs: 3, poolings: 1, kernelSize: 5, features: 2 },
])('every operator of %o has a time, and a step takes longer than its forward pass', async (spec) => {
  const model = modelSpec.parse(spec);
  const { forward, step } = (await planStep(model, patchShape(model, 33), 1))!;
  const [ofForward, ofStep] = await estimateSeconds([forward, step], 1, most);
  expect(ofForward > 0 && ofStep > ofForward && Number.isFinite(ofStep)).toBe(true);
}));
