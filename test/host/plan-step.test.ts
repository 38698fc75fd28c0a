import { expect, it } from 'vitest';
import { modelSpec } from '../../engine/contract/model-spec';
import { measureStep } from '../../engine/host/measure-step';
import { largestCanvas, largestPatch, planStep, refuseVolumesThatDoNotFit, refuseWhatDoesNotFit, totalMultiplyAdds } from '../../engine/host/plan-step';
import { parameterCount } from '../../engine/model/cost';

const group = modelSpec.parse({ architecture: 'group-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, features: 3 });
const cube = (side: number): [number, number, number] => [side, side, side];
const steerable = modelSpec.parse({ architecture: 'steerable-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e' });
const ordinary = modelSpec.parse({ architecture: 'unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, features: 6 });

const wide = modelSpec.parse({ architecture: 'unet', outputs: 2, poolings: 1, kernelSize: 3, features: 64 });
let found: Promise<number> | undefined;
const largestOfWide = (): Promise<number> => (found ??= largestPatch(wide, 160, 2));

it.each([[steerable, 16], [steerable, 32], [ordinary, 16], [ordinary, 32], [group, 24]] as const)('the plan of a step of %o on %i^3 is within 10 % of its high-water mark', async (spec, side) => {
  const plan = (await planStep(spec, cube(side), 2))!;
  const { highWaterBytes, memoryBytes, peakResidentBytes } = await measureStep(spec, cube(side), 2);
  expect(Math.abs(plan.highWaterBytes / highWaterBytes - 1)).toBeLessThan(0.1);
  expect(memoryBytes).toBeGreaterThanOrEqual(highWaterBytes);
  expect(peakResidentBytes).toBeGreaterThan(highWaterBytes);
});
it('a network of one output, for which there is no loss, is planned and measured all the same', async () => {
  const field = modelSpec.parse({ architecture: 'steerable-unet', outputs: 1, poolings: 1, kernelSize: 3, irreps: '4x0e+1x1e' });
  const plan = (await planStep(field, cube(16), 2))!;
  expect(Math.abs(plan.highWaterBytes / (await measureStep(field, cube(16), 2)).highWaterBytes - 1)).toBeLessThan(0.1);
});
it('what does not fit is refused with the largest patch that would', async () => {
  const largest = await largestOfWide();
  expect(await planStep(wide, cube(largest), 2)).not.toBeNull();
  expect(await planStep(wide, cube(largest + 2), 2)).toBeNull();
  // of 5000^3 not even the image fits into an array
  for (const patch of [160, 5000]) await expect(refuseWhatDoesNotFit(wide, patch, 2)).rejects.toMatchObject({ code: 'bad-input', remedy: expect.stringContaining(`${largest}^3`) as string });
});
it('what dropout keeps counts where blocks are chosen that are computed again: 128^3 would not fit otherwise', async () => {
  const dropping = modelSpec.parse({ architecture: 'steerable-unet', outputs: 4, poolings: 3, kernelSize: 5, irreps: '8x0e+4x1e+2x2e', dropout: 0.1, normalisation: { by: 'mean-norm' } });
  expect(await planStep(dropping, cube(128), 2)).not.toBeNull();
});
it('a network whose weights alone do not fit is refused, with no patch that would', async () => {
  const huge = modelSpec.parse({ architecture: 'unet', outputs: 2, poolings: 5, kernelSize: 5, features: 512 });
  await expect(refuseWhatDoesNotFit(huge, 64, 2)).rejects.toMatchObject({ code: 'bad-input', remedy: 'Use fewer features.' });
});
it('whole volumes that do not fit are refused with the largest margin that would, or the largest patch', async () => {
  const largest = await largestOfWide();
  const upright = (side: number) => ({ shape: cube(side), turned: cube(side) });
  const shapes = [upright(16), upright(largest - 4)];
  expect(largestCanvas(wide, shapes, 4)).toEqual(cube(largest));
  expect((await refuseVolumesThatDoNotFit(wide, shapes, 4, 2)).highWaterBytes).toBe((await planStep(wide, cube(largest), 2))!.highWaterBytes);
  // a turn may need more than the margin
  expect(largestCanvas(wide, [{ shape: [20, 30, 40], turned: [44, 28, 44] }], 8)).toEqual([44, 38, 48]);
  await expect(refuseVolumesThatDoNotFit(wide, shapes, 12, 2)).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining(`${largest + 8}x${largest + 8}x${largest + 8}`) as string, remedy: expect.stringContaining('sampling.marginVoxels to 4 at most') as string });
  await expect(refuseVolumesThatDoNotFit(wide, [upright(160)], 2, 2)).rejects.toMatchObject({ remedy: expect.stringContaining(`sampling.patchSize to ${largest} at most`) as string });
});
it('the operators of a plan are those of the network: forward, and three times as many multiply-adds in a step but for the gradient of the image', async () => {
  const tiny = modelSpec.parse({ architecture: 'unet', inputs: 1, outputs: 3, poolings: 1, kernelSize: 3, features: 2 });
  const { forward, step } = (await planStep(tiny, cube(4), 2))!;
  const convolutions = (calls: typeof step): typeof step => calls.filter(({ name }) => name.includes('Convolution'));
  const expected = 27 * (64 * (1 * 2 + 2 * 2) + 8 * (2 * 4 + 4 * 4) + 64 * ((4 + 2) * 2 + 2 * 2));
  expect(totalMultiplyAdds(convolutions(forward))).toBe(expected);
  expect(totalMultiplyAdds(convolutions(step))).toBe(3 * expected - 27 * 64 * 1 * 2);
  expect(step.slice(0, forward.length)).toEqual(forward);
  expect(step.filter(({ name }) => name === 'AdamStep')).toHaveLength(6 * 3 + 2);
  expect(step.filter(({ name }) => name.startsWith('SegmentationLoss'))).toHaveLength(2);
});
it('a wide network is planned without drawing its weights', async () => {
  const deep = modelSpec.parse({ architecture: 'unet', outputs: 2, poolings: 3, kernelSize: 5, features: 32 });
  const plan = (await planStep(deep, cube(16), 2))!;
  // value, gradient and two moments
  expect(plan.highWaterBytes).toBeGreaterThan(4 * 4 * parameterCount(deep).stored);
});
