import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelSpec } from '../../../engine/contract/model-spec';
import { readSafetensors, writeSafetensors } from '../../../engine/data/safetensors';
import { register as importModel } from '../../../engine/host/commands/import';
import { register as predict } from '../../../engine/host/commands/predict';
import { planVariables } from '../../../engine/model/build-network';
import { relativeError } from '../../support/relative-error';
import { runCommand } from '../../support/run-command';
import { fixtureFile, goldenFile, type GoldenFile } from '../../support/safetensors-file';
import { sharedPath } from '../../support/shared-folder';
import { temporaryFolder } from '../../support/temporary-folder';

const run = (...args: string[]) => runCommand([importModel, predict], ...args);
const goldenCheckpoint = fileURLToPath(new URL('../../golden/unet_checkpoint_wrapped.pt', import.meta.url));
const withoutBatch = ([, ...shape]: readonly number[]): number[] => shape;
const float32 = (file: GoldenFile, name: string) => ({ dtype: 'F32' as const, shape: file.get(name).shape, data: Float32Array.from(file.get(name).data) });

/** Imports, predicts the golden input and gives the largest error against the golden output. */
async function errorOf(golden: GoldenFile, checkpoint: string, name: string, ...options: string[]): Promise<number> {
  const input = float32(golden, `${name}/input`);
  const folder = temporaryFolder({ 'input.safetensors': writeSafetensors(new Map([['x', { ...input, shape: withoutBatch(input.shape) }]])) });
  const [model, out] = [join(folder, 'model.safetensors'), join(folder, 'out.safetensors')];
  expect(await run('import', checkpoint, '-o', model, ...options)).toMatchObject({ code: 0, stderr: '' });
  expect(await run('predict', model, join(folder, 'input.safetensors'), '--logits', out)).toMatchObject({ code: 0, stderr: '' });
  const { shape, data } = readSafetensors(readFileSync(out)).tensors.get('logits')!;
  const expected = golden.get(`${name}/output`);
  expect(shape).toEqual(withoutBatch(expected.shape));
  return relativeError(data as Float32Array, expected.data);
}

describe('gyra import', () => {
  it('of a checkpoint of nnU-Net gives the output of e3nn_Unet to 1e-4, and says what it found', async () => {
    expect(await errorOf(goldenFile('unet_checkpoint_io'), goldenCheckpoint, 'wrapped')).toBeLessThan(1e-4);
    const { stdout } = await run('import', goldenCheckpoint, '-o', join(temporaryFolder(), 'm.safetensors'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ output: 'm.safetensors', parameters: 3318, spec: { poolings: 1, kernelSize: 3, steps: [1, 1, 1], scale: 2, radialFunctions: 3, cutoff: false, irreps: '4x0e+2x1e+1x2e', inputs: 1, outputs: 2, padding: 'front', pooling: 'norm' } });
  });

  const others = writeSafetensors(new Map([['encoder.weight', { dtype: 'F32' as const, shape: [2], data: new Float32Array(2) }]]));
  const damaged = Uint8Array.from(readFileSync(goldenCheckpoint)).fill(1, 40_000, 40_010);
  it.each([
    ['another architecture', 'other.safetensors', [], /other\.safetensors holds another architecture: it has no down\.down_blocks\.0\.conv1\.weight.*encoder\.weight/],
    ['a damaged file', 'damaged.pt', [], /damaged\.pt is damaged/],
    ['text', 'text.pt', [], /text\.pt is no checkpoint of PyTorch/],
    ['a missing file', 'none.pt', [], /none\.pt was not found/],
    ['a diameter that the radial functions contradict', 'good.pt', ['--diameter', '3.5'], /does not tell the cut-off|emb is not what diameter 3\.5/],
    ['a cut-off that they contradict', 'good.pt', ['--cutoff', 'on', '--diameter', '3'], /emb is not what diameter 3, steps 1 x 1 x 1 and cut-off on/],
    ['to write over the checkpoint', 'out.safetensors', [], /out\.safetensors is the checkpoint itself/],
    ['steps of two axes', 'good.pt', ['--steps', '1,1'], /Give three sizes/],
  ])('refuses %s with 2, and writes nothing', async (_what, file, options, message) => {
    const files = { 'other.safetensors': others, 'damaged.pt': damaged, 'text.pt': 'hello', 'good.pt': readFileSync(goldenCheckpoint) };
    const folder = temporaryFolder(files);
    const { code, stderr } = await run('import', join(folder, file), '-o', join(folder, 'out.safetensors'), ...options);
    expect({ code, files: readdirSync(folder).sort() }).toEqual({ code: 2, files: Object.keys(files).sort() });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(folder);
  });
  it('names the tensors that differ, and the option for what stays ambiguous', async () => {
    const state = readSafetensors(readFileSync(stateFile(goldenFile('unet_physical'), 'so3_default'))).tensors;
    const kept = (change: (name: string) => boolean) => writeSafetensors(new Map([...state].filter(([name]) => change(name)).map(([name, { shape, data }]) => [name, { dtype: 'F32' as const, shape, data: data as Float32Array }])));
    const folder = temporaryFolder({ 'bare.safetensors': kept((name) => !/lattice|emb/.test(name)), 'short.safetensors': kept((name) => !name.startsWith('up.up_blocks.1.conv1')) });
    const refused = async (...args: string[]) => (await run('import', ...args, '-o', join(folder, 'out.safetensors'))).stderr;
    expect(await refused(join(folder, 'bare.safetensors'))).toMatch(/bare\.safetensors does not tell the steps.*\n.*--steps X,Y,Z/);
    expect(await refused(join(folder, 'bare.safetensors'), '--steps', '1,1,1')).toMatch(/--scale SIZE/);
    expect(await refused(join(folder, 'bare.safetensors'), '--steps', '1,1,1', '--scale', '2')).toMatch(/--diameter SIZE/);
    expect(await run('import', join(folder, 'bare.safetensors'), '-o', join(folder, 'out.safetensors'), '--steps', '1,1,1', '--scale', '2', '--diameter', '5', '--cutoff', 'off')).toMatchObject({ code: 0, stderr: '' });
    expect(await refused(join(folder, 'short.safetensors'), '--steps', '1,1,1', '--scale', '2', '--diameter', '5', '--cutoff', 'off')).toMatch(/another architecture: up\.up_blocks\.1\.conv1\.weight is missing instead of \[5, /);
  });
});

describe('the ends of an O(3) network', () => {
  /** Weights as a network with pseudovectors at both ends has them. */
  const spec = modelSpec.parse({ architecture: 'steerable-unet', equivariance: 'O3', irreps: '2x0e+2x0o+1x1e+1x1o', maximumDegree: 1, poolings: 1, kernelSize: 3, radialFunctions: 2, cutoff: false, inputs: 3, inputIrreps: '1x1e', outputs: 3, outputIrreps: '1x1e', bias: false });
  const state = writeSafetensors(new Map(planVariables(spec).map(({ name, shape }) => [name, { dtype: 'F32' as const, shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.1) }])));
  const imported = async (...options: string[]) => {
    const folder = temporaryFolder({ 'state.safetensors': state });
    return run('import', join(folder, 'state.safetensors'), '-o', join(folder, 'm.safetensors'), '--steps', '1,1,1', '--scale', '2', '--diameter', '3', '--cutoff', 'off', ...options);
  };
  it('are read from the sizes where these differ, and told where either parity fits', async () => {
    const { code, stdout, stderr } = await imported();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('inputIrreps: 1x1e\n');
    expect(stdout).toMatch(/output was taken for 1x1o.*--output-irreps/);
  });
  it('are as asked', async () => {
    const { code, stdout } = await imported('--output-irreps', '1x1e', '--json');
    expect({ code, spec: (JSON.parse(stdout) as { spec: unknown }).spec }).toMatchObject({ code: 0, spec: { inputIrreps: '1x1e', outputIrreps: '1x1e' } });
  });
  it('are refused where the weights have other sizes', async () => {
    const { code, stderr } = await imported('--output-irreps', '2x1e');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('out.weight is ') as string });
  });
});

/** The state dict of a golden network as a safetensors file. */
function stateFile(golden: GoldenFile, name: string): string {
  const prefix = `${name}/state/`;
  const state = new Map(golden.names.filter((one) => one.startsWith(prefix)).map((one) => [one.slice(prefix.length), float32(golden, one)]));
  return join(temporaryFolder({ 'state.safetensors': writeSafetensors(state) }), 'state.safetensors');
}

const plain = sharedPath('fixtures/unet_checkpoint.pt');
it.skipIf(!plain)('a plain state dict gives the output of e3nn_Unet to 1e-4', async () => {
  expect(await errorOf(fixtureFile('unet_checkpoint_io')!, plain!, 'plain')).toBeLessThan(1e-4);
});

const physical = fixtureFile('unet_physical');
it.skipIf(!physical).each(['so3_default/extra0', 'so3_average_batch_anisotropic/extra0', 'so3_steps_07_07_21', 'so3_vector_output', 'so3_scalar_upsampling', 'o3_cutoff', 'o3_average_vector_output_lmax1_no_norm'])('the state dict of %s gives its output to 1e-4', async (name) => {
  const network = name.split('/')[0]!;
  expect(await errorOf(physical!, stateFile(physical!, network), name, ...(network.includes('average') ? ['--pooling', 'average'] : []))).toBeLessThan(1e-4);
});
