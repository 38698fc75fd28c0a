import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { modelSpec } from '../../../engine/contract/model-spec';
import { readNifti } from '../../../engine/data/nifti';
import { readSafetensors, writeSafetensors } from '../../../engine/data/safetensors';
import { register } from '../../../engine/host/commands/predict';
import { planVariables } from '../../../engine/model/build-network';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';
import { mhaFile, nrrdFile } from '../../support/volume-files';

const assets = fileURLToPath(new URL('../../../assets/', import.meta.url));
const model = join(assets, 'models/hippocampus-steerable');
const image = join(assets, 'cases/imagesTr', readdirSync(join(assets, 'cases/imagesTr')).find((name) => name.endsWith('.nii.gz'))!);

const small = { shape: [6, 5, 4], spacing: [1, 1, 1], value: (i: number) => i } as const;

describe('gyra predict', () => {
  it('gives logits whose largest channel is the label, voxel by voxel of the file', async () => {
    const folder = temporaryFolder();
    const [labels, logits] = [join(folder, 'labels.nii.gz'), join(folder, 'logits.safetensors')];
    expect(await runCommand([register], 'predict', model, image, '-o', labels, '--logits', logits)).toMatchObject({ code: 0, stderr: '' });
    const [{ data: expected, shape: [nx, ny, nz] }] = readNifti(readFileSync(labels), 'labels') as [ReturnType<typeof readNifti>[number]];
    const { shape, data } = readSafetensors(readFileSync(logits)).tensors.get('logits')!;
    expect(shape).toEqual([3, nx, ny, nz]);
    expect(new Set(expected)).toEqual(new Set([0, 1, 2]));
    const found = Uint8Array.from(expected, (_, v) => {
      const [x, y, z] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
      const of = [0, 1, 2].map((channel) => Number(data[((channel * nx + x) * ny + y) * nz + z]));
      return of.indexOf(Math.max(...of));
    });
    expect(found.filter((label, v) => label !== expected[v])).toHaveLength(0);
  });

  it('makes no labels of a vector field', async () => {
    const spec = modelSpec.parse({ architecture: 'steerable-unet', irreps: '1x0e+1x1e', outputs: 3, outputIrreps: '1x1e', poolings: 0, kernelSize: 3, radialFunctions: 2, cutoff: false });
    const weights = new Map(planVariables(spec).map(({ name, shape }) => [name, { dtype: 'F32' as const, shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.1) }]));
    const folder = temporaryFolder({ 'field.safetensors': writeSafetensors(weights, { spec: JSON.stringify(spec), structures: '[]' }) });
    const field = join(folder, 'field.safetensors');
    const { code, stderr } = await runCommand([register], 'predict', field, image, '-o', join(folder, 'labels.nii.gz'));
    expect({ code, stderr, files: readdirSync(folder) }).toEqual({ code: 2, stderr: expect.stringMatching(/field\.safetensors gives a field of 1x1e.*\n.*--logits/) as string, files: ['field.safetensors'] });
    expect(await runCommand([register], 'predict', field, image, '--logits', join(folder, 'out.safetensors'))).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['nrrd', 'mha'])('reads and writes %s beside where it is run', async (ending) => {
    const folder = temporaryFolder({ 'small.nrrd': nrrdFile(small), 'small.mha': mhaFile(small) });
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect(await runCommand([register], 'predict', model, `small.${ending}`, '-o', `labels.${ending}`, '--threads', '1')).toMatchObject({ code: 0, stderr: '' });
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(folder)).toContain(`labels.${ending}`);
  });

  it('never writes over the model', async () => {
    const folder = temporaryFolder({ 'model.safetensors': readFileSync(join(model, 'best.safetensors')) });
    const { code, stderr } = await runCommand([register], 'predict', join(folder, 'model.safetensors'), image, '--logits', join(folder, 'model.safetensors'));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('model.safetensors is the model itself') as string });
    expect(readFileSync(join(folder, 'model.safetensors'))).toEqual(readFileSync(join(model, 'best.safetensors')));
  });

  it('refuses inputs beside a tensor with 2, and writes nothing', async () => {
    const folder = temporaryFolder({ 'x.safetensors': writeSafetensors(new Map([['x', { dtype: 'F32' as const, shape: [1, 4, 4, 4], data: new Float32Array(64) }]])) });
    const { code, stderr } = await runCommand([register], 'predict', model, join(folder, 'x.safetensors'), join(folder, 'more.safetensors'), '--logits', join(folder, 'out.safetensors'));
    expect({ code, files: readdirSync(folder) }).toEqual({ code: 2, files: ['x.safetensors'] });
    expect(stderr).toContain('1 more inputs are given');
  });
});
