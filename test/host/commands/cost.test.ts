import { expect, it } from 'vitest';
import { register } from '../../../engine/host/commands/cost';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';

const spec = (sampling: object) => ({ name: 'tiny', model: { architecture: 'steerable-unet', irreps: '2x0e+1x1e', outputs: 2, poolings: 1, kernelSize: 5 }, data: { dataset: 'nowhere' }, sampling });

it("gyra cost tells parameters, multiply-adds, memory and seconds for the spec's own patch, without its data", async () => {
  const folder = temporaryFolder({ 'spec.json': spec({ kind: 'patch', patchSize: 16 }) });
  const { code, stdout } = await runCommand([register], 'cost', `${folder}/spec.json`, '--threads', '1', '--json');
  const { parameters, patch, multiplyAdds, highWaterBytes, memoryBytes, estimatedSeconds } = JSON.parse(stdout) as Record<string, never> & { parameters: { stored: number; live: number }; multiplyAdds: Record<string, number>; estimatedSeconds: Record<string, number>; highWaterBytes: number; memoryBytes: number };
  expect([code, patch, parameters.live < parameters.stored, highWaterBytes > 0, memoryBytes >= highWaterBytes]).toEqual([0, 16, true, true, true]);
  // the first layer, a large part of this network, makes no gradient of the image
  expect([multiplyAdds.step > 1.5 * multiplyAdds.forward, estimatedSeconds.forward > 0, estimatedSeconds.step > estimatedSeconds.forward]).toEqual([true, true, true]);
});
it('says that its time is an estimate, and can measure the memory instead', async () => {
  const folder = temporaryFolder({ 'spec.json': spec({}) });
  const estimated = await runCommand([register], 'cost', `${folder}/spec.json`, '--threads', '1', '--patch', '8');
  expect(estimated.stdout).toMatch(/parameters .*\nmultiply-adds .* on 8\^3\nmemory .*\ntime .* an estimate/);
  // a pooling by two takes no 7
  expect((await runCommand([register], 'cost', `${folder}/spec.json`, '--threads', '1', '--patch', '7')).stdout).toMatch(/ on 8x8x8, the sizes this network takes for 7\^3\n/);
  const measured = await runCommand([register], 'cost', `${folder}/spec.json`, '--threads', '1', '--patch', '8', '--measure');
  expect(measured.stdout).toMatch(/memory .*\nmeasured .* the whole process at most/);
});
it('counts a model spec alone as that of a training', async () => {
  const folder = temporaryFolder({ 'training.json': spec({}), 'model.json': spec({}).model });
  const counted = async (name: string): Promise<unknown> => {
    const { parameters, multiplyAdds, memoryBytes } = JSON.parse((await runCommand([register], 'cost', `${folder}/${name}`, '--threads', '1', '--patch', '8', '--json')).stdout) as Record<string, unknown>;
    return { parameters, multiplyAdds, memoryBytes };
  };
  expect(await counted('model.json')).toEqual(await counted('training.json'));
});
