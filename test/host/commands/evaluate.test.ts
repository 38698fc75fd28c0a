import type * as Choose from '../../../engine/backends/choose';
import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { concat, neg, setBackend, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readVolume, writeVolume } from '../../../engine/data/nifti';
import { readScans } from '../../../engine/data/read-scan';
import { register as evaluate } from '../../../engine/host/commands/evaluate';
import { register as predict } from '../../../engine/host/commands/predict';
import type { Network } from '../../../engine/model/network';
import type * as WeightsFile from '../../../engine/training/weights-file';
import { imageFile, plainGeometry } from '../../support/nifti-file';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';

const spec = { architecture: 'unet', schemaVersion: 1, inputs: 1, outputs: 2, poolings: 1, kernelSize: 3, padding: 'centred', features: 1 } as const;
// A network that calls everything brighter than the mean a body: the commands are tested here, networks elsewhere.
vi.mock('../../../engine/training/weights-file', async (importOriginal) => ({
  ...(await importOriginal<typeof WeightsFile>()),
  loadNetwork: async (path: string) => {
    const network: Network = { spec, variables: new Map(), statistics: new Map(), logits: (image) => concat([neg(image), image], 4) as Tensor5D, dispose: () => {} };
    return { network, spec, structures: [{ value: 1, name: 'Body' }], record: path.endsWith('run') ? { ...record, data: seen } : undefined };
  },
}));
vi.mock('../../../engine/backends/choose', async (importOriginal) => ({
  ...(await importOriginal<typeof Choose>()),
  chooseBackend: async () => (await setBackend('cpu'), { name: 'wasm', threads: 1, kernelVariant: 'plain', dispose: async () => {} }),
}));

const shape = [8, 9, 10] as const;
/** A box off the centre, 40 voxels. */
const body = (i: number): number => (i % 8 < 4 && Math.floor(i / 8) % 9 > 6 && Math.floor(i / 72) > 4 ? 1 : 0);
const voxels = Uint8Array.from({ length: 720 }, (_, i) => body(i));
const image = writeVolume({ data: Float32Array.from(voxels, (value) => 10 + 90 * value), shape }, plainGeometry, 'a.nii.gz');
const other = writeVolume({ data: Float32Array.from(voxels, (value) => 20 + 90 * value), shape }, plainGeometry, 'c.nii.gz');
const label = writeVolume({ data: voxels, shape }, plainGeometry, 'a.nii.gz');
const ids = ['a', 'b', 'c'];
const dataset = {
  'data/dataset.json': { name: 'Phantom', labels: { 0: 'background', 1: 'Body' }, training: ids.map((id) => ({ image: `imagesTr/${id}.nii.gz`, label: `labelsTr/${id}.nii.gz` })) },
  'data/split.json': { train: ['a'], validation: [], test: ['b', 'c'] },
  ...Object.fromEntries(ids.flatMap((id) => [[`data/imagesTr/${id}.nii.gz`, image], [`data/labelsTr/${id}.nii.gz`, label]])),
};
const record = {
  schemaVersion: 1, status: 'done', spec: { schemaVersion: 1, name: 'tiny', model: spec, data: { dataset: 'data' }, sampling: { kind: 'volume', marginVoxels: 6 }, lossOptions: {} }, parameters: 1, structures: [{ value: 1, name: 'Body' }], data: [],
  environment: { version: '0', backend: 'wasm', kernelVariant: 'plain', threads: 1, node: '20', machine: 'm' }, steps: 1, epochs: 1, bestEpoch: 1, bestValidationDice: 1, wallSeconds: 1,
};
/** What the run's record lists. */
let seen: object[] = [];
afterEach(() => void (seen = []));
const run = (...args: string[]) => runCommand([evaluate, predict], ...args);

describe('gyra evaluate', () => {
  it('prints one JSON document of the agreed form, progress elsewhere', async () => {
    const folder = temporaryFolder(dataset);
    const { code, stdout, stderr } = await run('evaluate', 'm.safetensors', `${folder}/data`, '--protocol', 'planes,right-angles', '--degrees', '0,90', '--json');
    expect(code).toBe(0);
    expect(stderr).toContain('Poses');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ cases: 2, mean: 1, undefined: 0, structures: { Body: { mean: 1, sd: 0, n: 2 } }, worst: { dice: 1, case: 'b' } });
    expect(Object.keys(result).sort()).toEqual(['caseDice', 'cases', 'mean', 'poses', 'protocols', 'structures', 'undefined', 'worst']);
    expect(result.poses).toHaveLength(6 + 24);
    expect(Object.keys(result.poses.at(-1)).sort()).toEqual(['axis', 'degrees', 'mean', 'n', 'protocol', 'sd', 'worst']);
    expect(result.poses[1]).toEqual({ protocol: 'planes', plane: 'sagittal', degrees: 90, mean: 1, sd: 0, n: 2, worst: { dice: 1, case: 'b' } });
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  it('takes a part of the split, or a list of cases as JSON or as lines', async () => {
    const folder = temporaryFolder({ ...dataset, 'list.json': ['a', 'b', 'c'], 'list.txt': 'a\r\n\nc\n' });
    const cases = async (...args: string[]) => JSON.parse((await run('evaluate', 'm.safetensors', `${folder}/data`, '--json', ...args)).stdout).cases;
    expect([await cases(), await cases('--split', 'train'), await cases('--cases', `${folder}/list.json`), await cases('--cases', `${folder}/list.txt`)]).toEqual([2, 1, 3, 2]);
  });

  it('prints a table for people', async () => {
    const { stdout } = await run('evaluate', 'm.safetensors', `${temporaryFolder(dataset)}/data`, '--protocol', 'planes', '--degrees', '45');
    expect(stdout).toMatch(/^2 cases, mean Dice 1.0000 upright\n {2}Body: 1.0000, SD 0.0000, n 2\n {2}planes sagittal 45°: 0\.\d{4}, SD \d\.\d{4}, n 2; interpolation alone leaves 0\.\d{4}\n/);
    expect(stdout).toMatch(/Worst: 0\.\d{4}, b, planes \w+ 45°\n$/);
  });

  it('writes every case at every pose as a table, and says when --degrees mean nothing', async () => {
    const folder = temporaryFolder(dataset);
    const { code, stdout, stderr } = await run('evaluate', 'm.safetensors', `${folder}/data`, '--protocol', 'cone', '--degrees', '45', '--csv', `${folder}/cases.csv`);
    expect(code).toBe(0);
    expect(stderr).toContain('--degrees are the angles of the protocol planes, which was not asked for');
    expect(stdout).toMatch(/Upright: 1.0000, SE 0.0000, 95 % interval 1.0000 to 1.0000 over 2 subjects; 5th percentile of 2 case-poses 1.0000\nCone \(cone60-v1\): 0\.\d{4}, SE /);
    const lines = readFileSync(join(folder, 'cases.csv'), 'utf8').trimEnd().split('\n');
    expect([lines[0], lines[1], lines.length]).toEqual(['case,subject,protocol,plane,axis,degrees,mean,Body', 'b,b,upright,,,0,1,1', 1 + 2 * 25]);
  });

  it('adds the curve to the run record and keeps the rest of it', async () => {
    const folder = temporaryFolder({ ...dataset, 'run/run.json': record });
    expect((await run('evaluate', `${folder}/run`, `${folder}/data`, '--protocol', 'planes', '--degrees', '0,90', '--record')).code).toBe(0);
    const written = JSON.parse(readFileSync(join(folder, 'run/run.json'), 'utf8'));
    expect(written).toMatchObject(record);
    expect(written.evaluation).toMatchObject({ dataset: 'Phantom', split: 'test', upright: { mean: 1, sd: 0, n: 2 } });
    expect(written.evaluation.curve).toHaveLength(6);
    expect(readdirSync(join(folder, 'run'))).toEqual(['run.json']);
  });

  it('does not write into the record of a run that another process is training', async () => {
    const folder = temporaryFolder({ ...dataset, 'run/run.json': record, 'run/run.lock': `${process.ppid}\n` });
    const { code, stderr } = await run('evaluate', `${folder}/run`, `${folder}/data`, '--protocol', 'planes', '--degrees', '0,90', '--record');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`Another process (${process.ppid}) is writing the run in run.`) });
    expect(JSON.parse(readFileSync(join(folder, 'run', 'run.json'), 'utf8'))).toEqual(record);
  }, 20_000);

  it('says which cases the model was trained or tuned on, and does not record those', async () => {
    const data = [{ case: 'a', part: 'train', image: '0', label: '0' }, { case: 'elsewhere', part: 'validation', image: createHash('sha256').update(other).digest('hex'), label: '0' }];
    const folder = temporaryFolder({ ...dataset, 'data/imagesTr/c.nii.gz': other, 'all.txt': 'a\nb\nc', 'run/run.json': {} });
    seen = data;
    const evaluated = (...args: string[]) => run('evaluate', `${folder}/run`, `${folder}/data`, '--cases', `${folder}/all.txt`, ...args);
    expect((await evaluated()).stdout).toMatch(/^Not a test: run was trained or tuned on 2 of these 3 cases: a \(train\), c \(validation\)\.\n3 cases/);
    expect(JSON.parse((await evaluated('--json')).stdout).known).toEqual([{ case: 'a', part: 'train' }, { case: 'c', part: 'validation' }]);
    expect(await evaluated('--record', '--protocol', 'planes')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('run was trained or tuned on 2 of these 3 cases') });
    expect((await run('evaluate', `${folder}/run`, `${folder}/data`, '--split', 'test', '--json')).stdout).toContain('"known":[{"case":"c"');
    seen = [{ ...data[0]!, case: 'elsewhere' }];
    expect((await evaluated()).stdout).toMatch(/^3 cases/);
  });

  it('says so when voxels are far from cubes', async () => {
    const flat = { ...plainGeometry, pixdim: [1, 1, 1, 4] as const };
    const folder = temporaryFolder({ ...dataset, 'data/imagesTr/b.nii.gz': writeVolume({ data: Float32Array.from(voxels), shape }, flat, 'b.nii.gz'), 'data/labelsTr/b.nii.gz': writeVolume({ data: voxels, shape }, flat, 'b.nii.gz') });
    expect((await run('evaluate', 'm.safetensors', `${folder}/data`, '--protocol', 'right-angles')).stderr).toContain('b: Voxels of 1 x 1 x 4 mm are far from cubes');
  });

  it.each([
    ['an unknown case', ['--cases', '%/bad.txt'], 'Phantom has no case z.'],
    ['an empty list', ['--cases', '%/empty.txt'], 'empty.txt lists no cases.'],
    ['an empty part', ['--split', 'validation'], 'The split of Phantom has no cases in validation.'],
    ['a list and a part', ['--cases', '%/bad.txt', '--split', 'test'], 'cannot be used with'],
    ['an unknown protocol', ['--protocol', 'somersault'], 'Give planes or right-angles or cone.'],
    ['a record without its curve', ['--record'], '--record stores Dice over angle'],
    ['a record of a file', ['--record', '--protocol', 'planes'], 'm.safetensors is no run folder'],
    ['no threads', ['--threads', '0'], 'whole number from 1'],
  ])('refuses %s with 2', async (_what, args, message) => {
    const folder = temporaryFolder({ ...dataset, 'bad.txt': 'z', 'empty.txt': '\n' });
    const { code, stdout, stderr } = await run('evaluate', 'm.safetensors', `${folder}/data`, ...args.map((arg) => arg.replace('%', folder)));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('refuses a data set with a broken case by name, and leaves it out when asked', async () => {
    const folder = temporaryFolder({ ...dataset, 'data/imagesTr/b.nii.gz': image.subarray(0, 60) });
    const refused = await run('evaluate', 'm.safetensors', `${folder}/data`);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('b.nii.gz is truncated') });
    const { code, stdout, stderr } = await run('evaluate', 'm.safetensors', `${folder}/data`, '--skip-broken', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('b is left out: b.nii.gz is truncated') });
    expect(JSON.parse(stdout)).toMatchObject({ cases: 1, skipped: [{ case: 'b', reason: expect.stringContaining('truncated') }] });
    const missing = temporaryFolder({ ...dataset });
    rmSync(join(missing, 'data/labelsTr/c.nii.gz'));
    expect((await run('evaluate', 'm.safetensors', `${missing}/data`)).stderr).toContain('c.nii.gz is listed in dataset.json and is not in the folder');
    expect(JSON.parse((await run('evaluate', 'm.safetensors', `${missing}/data`, '--skip-broken', '--json')).stdout)).toMatchObject({ cases: 1, skipped: [{ case: 'c' }] });
  });

  it('does not count voxels of the label the training ignored', async () => {
    // All of the reference is to be ignored but one voxel of the body: the prediction, the whole body, is right.
    const first = voxels.indexOf(1);
    const ignored = writeVolume({ data: voxels.map((value, i) => (i === first ? 1 : value === 1 ? 5 : 0)), shape }, plainGeometry, 'a.nii.gz');
    const folder = temporaryFolder({ ...dataset, 'data/labelsTr/b.nii.gz': ignored, 'run/run.json': {}, 'cases.txt': 'b' });
    const lossOptions = record.spec.lossOptions as { ignoreLabel?: number };
    lossOptions.ignoreLabel = 5;
    try {
      expect(JSON.parse((await run('evaluate', `${folder}/run`, `${folder}/data`, '--cases', `${folder}/cases.txt`, '--json')).stdout)).toMatchObject({ cases: 1, mean: 1 });
    } finally {
      delete lossOptions.ignoreLabel;
    }
  });

  it('refuses a data set with structures the model does not know', async () => {
    const folder = temporaryFolder({ ...dataset, 'data/dataset.json': { ...dataset['data/dataset.json'], labels: { 1: 'Body', 2: 'Core' } } });
    expect(await run('evaluate', 'm.safetensors', `${folder}/data`)).toMatchObject({ code: 2, stderr: expect.stringContaining('m.safetensors tells 1 structures apart, and Phantom has 2.') });
  });
});

describe('gyra predict', () => {
  it('writes labels with the geometry of the image', async () => {
    const folder = temporaryFolder({ 'scan.nii.gz': image });
    const { code, stdout } = await run('predict', 'm.safetensors', `${folder}/scan.nii.gz`, '-o', `${folder}/out.nii.gz`, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ output: 'out.nii.gz', shape, volumesMl: { Body: 0.04 } });
    expect(readFileSync(join(folder, 'out.nii.gz')).equals(label)).toBe(true);
  });

  it("brings labels back to the image's own axes, whatever its format and the output's", async () => {
    // The same head stored from left to right and from right to left.
    const [nx] = shape;
    const mirror = (values: Uint8Array): Uint8Array => values.map((_, i) => values[i - (i % nx) + nx - 1 - (i % nx)]!);
    const bright = (values: Uint8Array) => Float32Array.from(values, (value) => 10 + 90 * value);
    const las = { ...plainGeometry, qformCode: 0, sform: [-1, 0, 0, -3 + nx - 1, 0, 1, 0, 4, 0, 0, 1, 5] };
    const folder = temporaryFolder({ 'scan.nii': writeVolume({ data: bright(mirror(voxels)), shape }, las, 'scan.nii') });
    expect((await run('predict', 'm.safetensors', `${folder}/scan.nii`, '-o', `${folder}/out.nii`)).code).toBe(0);
    const written = readVolume(readFileSync(join(folder, 'out.nii')), 'out.nii');
    expect(written.orientation).toBe('LAS');
    expect([...written.data]).toEqual([...mirror(voxels)]);
    expect((await run('predict', 'm.safetensors', `${folder}/scan.nii`, '-o', `${folder}/out.mgz`)).code).toBe(0);
    const [mgz] = await readScans(`${folder}/out.mgz`);
    expect(mgz).toMatchObject({ orientation: 'LAS', shape });
    expect([...mgz!.data]).toEqual([...mirror(voxels)]);
  });

  it('names both numbers where the contrasts are not those of the model, and both files where they lie on other grids', async () => {
    const folder = temporaryFolder({ 'a.nii.gz': image, 'b.nii.gz': imageFile([8, 9, 11]) });
    expect(await run('predict', 'm.safetensors', `${folder}/a.nii.gz`, `${folder}/a.nii.gz`, '-o', `${folder}/out.nii`)).toMatchObject({ code: 2, stderr: expect.stringContaining('takes 1 contrast of each case, and there are 2') });
    expect(await run('predict', 'm.safetensors', `${folder}/a.nii.gz`, `${folder}/b.nii.gz`, '-o', `${folder}/out.nii`)).toMatchObject({ code: 2, stderr: expect.stringContaining('b.nii.gz has shape 8x9x11, but its image a.nii.gz has 8x9x10') });
  });

  it.each([
    ['an output that is no name of a volume', 'scan.nii.gz', 'out.png', 'out.png is no name of a volume'],
    ['an output over the image', 'scan.nii.gz', 'scan.nii.gz', 'is the image itself'],
    ['a folder that does not exist', 'scan.nii.gz', 'no/where.nii', 'folder of the output where.nii does not exist'],
    ['a missing image', 'none.nii', 'out.nii', 'none.nii was not found'],
    ['an image of one intensity', 'flat.nii', 'out.nii', 'flat.nii: every voxel has the same intensity'],
  ])('refuses %s, and writes nothing', async (_what, input, output, message) => {
    const files = { 'scan.nii.gz': image, 'flat.nii': writeVolume({ data: new Float32Array(720), shape }, plainGeometry, 'flat.nii') };
    const folder = temporaryFolder(files);
    const { code, stderr } = await run('predict', 'm.safetensors', `${folder}/${input}`, '-o', `${folder}/${output}`);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(folder);
    expect(readdirSync(folder).sort()).toEqual(Object.keys(files).map((name) => basename(name)).sort());
    expect(readFileSync(join(folder, 'scan.nii.gz')).equals(image)).toBe(true);
  });
});
