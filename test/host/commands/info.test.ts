import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../../engine/data/safetensors';
import { register } from '../../../engine/host/commands/info';
import { imageFile, labelFile } from '../../support/nifti-file';
import { runCommand } from '../../support/run-command';
import { sharedPath } from '../../support/shared-folder';
import { temporaryFolder } from '../../support/temporary-folder';

const info = (...args: string[]) => runCommand([register], 'info', ...args);
const spec = { architecture: 'unet', schemaVersion: 1, inputs: 1, outputs: 3, poolings: 2, kernelSize: 3, padding: 'centred', features: 4 };
const record = {
  schemaVersion: 1,
  status: 'done',
  spec: { name: 'tiny', model: spec, data: { dataset: 'Task04_Hippocampus' } },
  parameters: 10,
  structures: [{ value: 1, name: 'Anterior' }],
  data: [{ case: 'a', part: 'train', image: 'x', label: 'y' }, { case: 'b', part: 'validation', image: 'x', label: 'y' }],
  environment: { version: '0', backend: 'wasm', kernelVariant: 'plain', threads: 1, node: '20', machine: 'm' },
  steps: 5,
  epochs: 1,
  bestEpoch: 1,
  bestValidationDice: 0.5,
  wallSeconds: 3,
};

describe('gyra info', () => {
  it('describes a volume and counts labels', async () => {
    const folder = temporaryFolder({ 'image.nii.gz': imageFile([4, 5, 6]), 'label.nii.gz': labelFile([4, 5, 6]) });
    const { code, stdout, stderr } = await info(`${folder}/image.nii.gz`, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ kind: 'volume', name: 'image.nii.gz', shape: [4, 5, 6], spacingMm: [1, 1, 1], orientation: 'RAS', storedType: 'float32', lowest: 0, highest: 100, problems: [], notices: [] });
    expect(JSON.parse((await info(`${folder}/label.nii.gz`, '--json')).stdout).labels).toEqual({ 0: 40, 1: 40, 2: 40 });
    expect((await info(`${folder}/label.nii.gz`)).stdout).toContain('shape: 4x5x6\n');
  });

  it('describes the shipped cases', async () => {
    const { code, stdout } = await info('assets/cases', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'dataset', name: 'Hippocampus', cases: 10, split: { train: 0, validation: 2, test: 8 }, problems: [] });
  });

  it('describes a run and a model file', async () => {
    const weights = (metadata: Record<string, string>) => writeSafetensors(new Map([['a', { dtype: 'F32' as const, shape: [2, 3], data: new Float32Array(6) }]]), metadata);
    const folder = temporaryFolder({ 'run/run.json': record, 'run/best.safetensors': weights({ spec: JSON.stringify(spec) }), 'bare.safetensors': weights({}), 'damaged.safetensors': weights({ spec: '{' }) });
    for (const path of ['run', 'run/run.json']) expect(JSON.parse((await info(`${folder}/${path}`, '--json')).stdout)).toMatchObject({ kind: 'run', name: 'tiny', status: 'done', trainingCases: 1, problems: [] });
    expect(JSON.parse((await info(`${folder}/run/best.safetensors`, '--json')).stdout)).toMatchObject({ kind: 'model', model: spec, tensors: 1, parameters: 6 });
    const bare = await info(`${folder}/bare.safetensors`);
    expect(bare.code).toBe(2);
    expect(bare.stdout).toContain('bare.safetensors does not say which network');
    expect((await info(`${folder}/damaged.safetensors`)).stderr).toContain('damaged.safetensors has a damaged description');
  });

  it('prints the problems it finds, as JSON too, and ends with 2', async () => {
    const folder = temporaryFolder({ 'dataset.json': { name: 'Phantom', labels: { 0: 'background', 1: 'Body' }, training: [{ image: 'imagesTr/a.nii.gz', label: 'labelsTr/a.nii.gz' }] }, 'imagesTr/a.nii.gz': imageFile([4, 5, 6]), 'labelsTr/a.nii.gz': labelFile([4, 5, 6]) });
    const { code, stdout, stderr } = await info(folder, '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout).problems).toEqual([{ message: 'Label a.nii.gz holds the label 2; allowed: 0, 1.', remedy: expect.stringMatching(/\.$/) }]);
    expect(stderr).toContain('has a problem');
  });

  it.each([
    ['a missing file', 'nowhere.nii', {}, /nowhere.nii was not found/],
    ['a text file', 'note.nii', { 'note.nii': 'hello' }, /note.nii is not a NIfTI file: it is text/],
    ['a truncated file', 'cut.nii.gz', { 'cut.nii.gz': imageFile([4, 5, 6]).subarray(0, 99) }, /cut.nii.gz is truncated/],
    ['an empty folder', 'empty', { 'empty/.keep': '' }, /empty has a problem/],
    ['a broken run record', 'run', { 'run/run.json': { ...record, steps: 'many' } }, /run.json: field "steps"/],
  ])('refuses %s with 2, naming it, without its folder or a stack', async (_what, path, files, message) => {
    const folder = temporaryFolder(files);
    const { code, stderr } = await info(`${folder}/${path}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(folder);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });
});

const broken = sharedPath('data/broken-hippocampus');
it.skipIf(!broken)('gyra info lists real files without partner', async () => {
  const { code, stdout } = await info(broken!);
  expect(code).toBe(2);
  for (const name of ['hippocampus_118', 'hippocampus_010', 'hippocampus_281']) expect(stdout).toContain(name);
});
