import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import type { RunRecord } from '../../engine/contract/run-record';
import { trainingSpec } from '../../engine/contract/training-spec';
import { readSafetensors, toHalfPrecision, writeSafetensors } from '../../engine/data/safetensors';
import { buildNetwork } from '../../engine/model/build-network';
import { stateOf } from '../../engine/model/network';
import { loadNetwork, saveWeights, trainedMargin, trainedPatch } from '../../engine/training/weights-file';
import { relativeError } from '../support/relative-error';
import { temporaryFolder } from '../support/temporary-folder';

const spec = modelSpec.parse({ architecture: 'steerable-unet', outputs: 3, poolings: 1, kernelSize: 3, irreps: '2x0e+1x1e', radialFunctions: 3, normalisation: { kind: 'batch' } });
const structures = [
  { value: 1, name: 'anterior' },
  { value: 2, name: 'posterior' },
];
let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend({ threads: 1 });
});
afterAll(() => handle.dispose());

/** A saved network: its file and the values of its variables. */
async function saved(): Promise<{ file: string; folder: string; values: Map<string, ArrayLike<number>> }> {
  const folder = temporaryFolder();
  const file = join(folder, 'best.safetensors');
  const network = buildNetwork(spec, 3);
  await saveWeights(network, file, structures);
  const values = new Map([...stateOf(network)].map(([name, value]) => [name, value.dataSync()] as const));
  network.dispose();
  return { file, folder, values };
}
/** The file again with its tensors or its metadata changed. */
async function rewrite(file: string, change: (tensors: Map<string, unknown>, metadata: Record<string, string>) => void): Promise<void> {
  const { tensors, metadata } = readSafetensors(await readFile(file));
  const floats = new Map([...tensors].map(([name, { shape, data }]) => [name, { dtype: 'F32' as const, shape, data: data as Float32Array }]));
  change(floats, metadata);
  await writeFile(file, writeSafetensors(floats, metadata));
}
/** The bias as I64, at the end of the file. */
async function withWholeNumbers(file: string): Promise<void> {
  const bytes = await readFile(file);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, object>;
  const data = Buffer.concat([bytes.subarray(start), Buffer.alloc(24)]);
  header['bias'] = { dtype: 'I64', shape: [3], data_offsets: [data.length - 24, data.length] };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([length, text, data]));
}

describe('weights on disk', () => {
  it.each([
    ['single', 0],
    ['half', 2 ** -11],
  ])('come back in %s precision', async (precision, tolerance) => {
    const { file, folder, values } = await saved();
    if (precision === 'half') await writeFile(file, toHalfPrecision(await readFile(file), 'best.safetensors'));
    const loaded = await loadNetwork(file);
    expect(loaded.spec).toEqual(spec);
    expect(loaded.structures).toEqual(structures);
    expect(loaded.record).toBeUndefined();
    expect([...stateOf(loaded.network).keys()]).toEqual([...values.keys()]);
    for (const [name, value] of stateOf(loaded.network)) expect(relativeError(value.dataSync(), values.get(name)!)).toBeLessThanOrEqual(tolerance);
    expect(readdirSync(folder)).toEqual(['best.safetensors']);
    loaded.network.dispose();
  });
  it('come with the record of their run', async () => {
    const { folder } = await saved();
    const record: RunRecord = {
      schemaVersion: 1, status: 'done', spec: trainingSpec.parse({ name: 'a-run', model: spec, data: { dataset: 'somewhere' } }), parameters: 1, structures, data: [],
      environment: { version: '0', backend: 'wasm', kernelVariant: 'plain', threads: 1, node: 'v20', machine: 'm' }, steps: 1, epochs: 1, bestEpoch: 0, bestValidationDice: 0.5, wallSeconds: 1,
    };
    await writeFile(join(folder, 'run.json'), JSON.stringify(record));
    const loaded = await loadNetwork(folder);
    expect(loaded.record).toEqual(record);
    loaded.network.dispose();
    const seeing = (sampling: Partial<RunRecord['spec']['sampling']>): RunRecord => ({ ...record, spec: { ...record.spec, sampling: { ...record.spec.sampling, ...sampling } } });
    const [whole, patches] = [seeing({ kind: 'volume', marginVoxels: 27 }), seeing({ kind: 'patch', patchSize: 32, marginVoxels: 27 })];
    expect([trainedMargin(whole), trainedMargin(patches), trainedMargin(undefined)]).toEqual([14, 0, 0]);
    expect([trainedPatch(whole), trainedPatch(patches), trainedPatch(undefined)]).toEqual([undefined, 32, undefined]);
  });
  it('are not half-written where they cannot be written', async () => {
    const network = buildNetwork(spec, 3);
    const folder = join(temporaryFolder(), 'missing');
    await expect(saveWeights(network, join(folder, 'best.safetensors'), structures)).rejects.toThrow();
    expect(existsSync(folder)).toBe(false);
    network.dispose();
  });
});

describe('a file that cannot be used is refused with its name and a remedy, and leaves no variable behind', () => {
  it.each<[string, (file: string) => Promise<void>, RegExp]>([
    ['text', (file) => writeFile(file, 'just some text, long enough to have a header'), /best\.safetensors is not a safetensors file/],
    ['cut short', async (file) => writeFile(file, (await readFile(file)).subarray(0, -20)), /best\.safetensors is shorter/],
    ['without a spec', (file) => rewrite(file, (_, metadata) => delete metadata['spec']), /does not say which network/],
    ['of a newer version', (file) => rewrite(file, (_, metadata) => (metadata['spec'] = JSON.stringify({ ...spec, schemaVersion: 2 }))), /newer version of Gyra/],
    ['of an unknown architecture', (file) => rewrite(file, (_, metadata) => (metadata['spec'] = JSON.stringify({ ...spec, architecture: 'transformer' }))), /spec that cannot be read/],
    ['with a tensor missing', (file) => rewrite(file, (tensors) => tensors.delete('out.weight')), /out\.weight is missing/],
    ['with a tensor too many', (file) => rewrite(file, (tensors) => tensors.set('norm.scale', { dtype: 'F32', shape: [1], data: new Float32Array(1) })), /does not fit its own spec: norm\.scale has no place in it/],
    ['with whole numbers', withWholeNumbers, /does not fit its own spec: bias holds whole numbers/],
    ['of a width that no memory holds', (file) => rewrite(file, (_, metadata) => (metadata['spec'] = JSON.stringify({ ...spec, irreps: '512x0e+512x1e+512x2e', poolings: 5 }))), /does not fit its own spec: \S+ is \[[\d, ]+\] instead of \[[\d, ]+\]/],
    ['with a tensor of another shape', (file) => rewrite(file, (_, metadata) => (metadata['spec'] = JSON.stringify({ ...spec, outputs: 4 }))), /out\.weight is \[6\] instead of \[8\]; bias is \[3\] instead of \[4\]/],
  ])('%s', async (_, spoil, message) => {
    const { file } = await saved();
    await spoil(file);
    const before = handle.backend.numDataIds();
    await expect(loadNetwork(file)).rejects.toMatchObject({ name: 'GyraError', code: 'bad-input', message: expect.stringMatching(message), remedy: expect.stringMatching(/\w+\.$/) });
    expect(handle.backend.numDataIds()).toBe(before);
  });
  it('a folder without weights', async () => expect(loadNetwork(temporaryFolder())).rejects.toMatchObject({ code: 'bad-input', message: expect.stringMatching(/^gyra-test-\w+ holds no best\.safetensors/) }));
  it('a checkpoint of PyTorch', async () => expect(loadNetwork(join(temporaryFolder(), 'model_best.pth'))).rejects.toMatchObject({ code: 'bad-input', message: expect.stringMatching(/^model_best\.pth is a PyTorch checkpoint/), remedy: expect.stringContaining('gyra import') }));
  it('missing', async () => expect(loadNetwork(join(temporaryFolder(), 'none.safetensors'))).rejects.toMatchObject({ name: 'GyraError', message: expect.stringContaining('none.safetensors') }));
});
