import { tidy, zeros, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import { largestPatch, planStep, refuseWhatDoesNotFit } from '../../engine/host/plan-step';
import { buildNetwork } from '../../engine/model/build-network';
import { valueAndGradients } from '../../engine/ops/backpropagation';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { Adam } from '../../engine/training/adam';

const steerable = modelSpec.parse({ architecture: 'steerable-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e' });
const ordinary = modelSpec.parse({ architecture: 'unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, features: 6 });

it.each([[steerable, 16], [steerable, 32], [ordinary, 16], [ordinary, 32]] as const)('the plan of a step of %o on %i^3 is within 10 % of its high-water mark', async (spec, side) => {
  const plan = (await planStep(spec, side, 2))!;
  const { backend, dispose } = await startBackend({ threads: 2 });
  tidy(() => {
    const network = buildNetwork(spec, 0);
    const adam = new Adam(network.variables, () => 1e-3);
    const [image, labels] = [zeros([1, side, side, side, 2]) as Tensor5D, zeros([1, side, side, side], 'int32') as Tensor4D];
    adam.apply(valueAndGradients(() => segmentationLoss(network.logits(image), labels, { dice: true })).gradients);
  });
  const measured = backend.machine.heap.highWaterBytes;
  await dispose();
  expect(Math.abs(plan.highWaterBytes / measured - 1)).toBeLessThan(0.1);
});
it('what does not fit is refused with the largest patch that would', async () => {
  const wide = modelSpec.parse({ architecture: 'unet', outputs: 2, poolings: 1, kernelSize: 3, features: 64 });
  const largest = await largestPatch(wide, 160, 2);
  expect(await planStep(wide, largest, 2)).not.toBeNull();
  expect(await planStep(wide, largest + 2, 2)).toBeNull();
  await expect(refuseWhatDoesNotFit(wide, 160, 2)).rejects.toMatchObject({ code: 'bad-input', remedy: expect.stringContaining(`${largest}^3`) as string });
});
