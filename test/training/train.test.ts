import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { badInput } from '../../engine/contract/problem';
import type { RunRecord } from '../../engine/contract/run-record';
import { trainingSpec } from '../../engine/contract/training-spec';
import { readVolume } from '../../engine/data/nifti';
import { writeVolume } from '../../engine/data/nifti';
import { readSafetensors } from '../../engine/data/safetensors';
import { meanDice, overlaps } from '../../engine/evaluation/dice';
import { train, type TrainOptions } from '../../engine/training/train';
import { loadNetwork } from '../../engine/training/weights-file';
import { plainGeometry } from '../support/nifti-file';
import { temporaryFolder } from '../support/temporary-folder';
import { tinyDataset, tinySpec } from '../support/tiny-dataset';

/** Trains in a fresh backend, as a process would. */
async function run(dataset: string, runFolder: string, options: Partial<Pick<TrainOptions, 'resume' | 'onProgress' | 'sampleThread' | 'signal' | 'beforeTraining'>> & { spec?: object; threads?: number; cancel?: Int32Array } = {}) {
  const { threads = 2, cancel, spec, ...rest } = options;
  const backend = await startBackend({ threads, cancel });
  try {
    return await train({
      spec: trainingSpec.parse({ ...tinySpec, ...spec }),
      datasetFolder: dataset,
      runFolder,
      resume: false,
      score: (prediction, reference, structures) => meanDice(overlaps(prediction, reference, structures)),
      environment: { version: '0', backend: 'wasm', kernelVariant: backend.kernelVariant, threads },
      ...rest,
    });
  } finally {
    await backend.dispose();
  }
}
/** As scripts/build.mjs makes it. */
async function builtSampleThread(): Promise<URL> {
  const outfile = join(temporaryFolder(), 'sample-thread.mjs');
  await build({ entryPoints: ['engine/host/sample-thread.ts'], outfile, platform: 'node', format: 'esm', bundle: true, mainFields: ['module', 'main'], banner: { js: "import { createRequire as gyraCreateRequire } from 'node:module'; const require = gyraCreateRequire(import.meta.url);" } });
  return pathToFileURL(outfile);
}
const bytes = (folder: string, file: string) => readFileSync(join(folder, file)).toString('base64');
const metrics = (folder: string) =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; value: number; step: number; context: { split?: string; cases?: number } })
    .filter(({ name }) => name !== 'seconds' && name !== 'waiting');

it('trains, and leaves a record, metrics and weights that load', async () => {
  const [dataset, folder] = [temporaryFolder(tinyDataset()), join(temporaryFolder(), 'run')];
  const record = await run(dataset, folder, { spec: { stopping: { stepsPerEpoch: 20, maximumSteps: 80, patienceEpochs: 10 } } });
  expect(record).toMatchObject({ status: 'done', steps: 80, epochs: 4, structures: [{ value: 1, name: 'Blob' }] });
  expect(record.bestValidationDice).toBeGreaterThan(0.5);
  expect(record.data).toHaveLength(6);
  expect(JSON.stringify(record)).not.toContain(dataset);
  const losses = metrics(folder).filter(({ name, context }) => name === 'loss' && context.split === 'train').map(({ value }) => value);
  expect(losses).toHaveLength(80);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  expect(metrics(folder).filter(({ name }) => name === 'dice').map(({ context }) => context.cases)).toEqual([2, 2, 2, 2]);
  const backend = await startBackend({ threads: 1 });
  const { network, record: stored } = await loadNetwork(folder);
  expect(stored).toEqual(record);
  network.dispose();
  await backend.dispose();
});

it.each([
  ['', {}],
  [', with dropout and running statistics too', { dropout: 0.3, normalisation: { kind: 'batch' } }],
])('gives the same bytes on one thread and two, and when it is stopped in the middle of an epoch and resumed%s', async (_, fields) => {
  const dataset = temporaryFolder(tinyDataset());
  const spec = { model: { ...tinySpec.model, ...fields } };
  const [whole, single, stopped] = ['whole', 'single', 'stopped'].map((name) => join(temporaryFolder(), name)) as [string, string, string];
  await run(dataset, whole, { spec });
  await run(dataset, single, { spec, threads: 1 });
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const interrupted = run(dataset, stopped, { spec, cancel, onProgress: ({ step }) => void (step === 12 && (cancel[0] = 1)) });
  await expect(interrupted).rejects.toMatchObject({ code: 'cancelled' });
  expect(JSON.parse(readFileSync(join(stopped, 'run.json'), 'utf8'))).toMatchObject({ status: 'stopped', steps: 10, epochs: 2 });
  expect(await run(dataset, stopped, { spec, resume: true })).toMatchObject({ status: 'done', steps: 20 });
  for (const folder of [single, stopped]) {
    expect(bytes(folder, 'best.safetensors')).toBe(bytes(whole, 'best.safetensors'));
    expect(metrics(folder)).toEqual(metrics(whole));
  }
});

it('trains a group U-Net: a lower loss, and the same bytes when it is stopped and resumed', async () => {
  const dataset = temporaryFolder(tinyDataset());
  const [whole, stopped] = ['whole', 'stopped'].map((name) => join(temporaryFolder(), name)) as [string, string];
  const spec = { model: { architecture: 'group-unet', features: 2, outputs: 2, poolings: 1, kernelSize: 3 } };
  await run(dataset, whole, { spec });
  const losses = metrics(whole).filter(({ name, context }) => name === 'loss' && context.split === 'train').map(({ value }) => value);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  await expect(run(dataset, stopped, { spec, cancel, onProgress: ({ step }) => void (step === 12 && (cancel[0] = 1)) })).rejects.toMatchObject({ code: 'cancelled' });
  await run(dataset, stopped, { spec, resume: true, threads: 1 });
  expect(bytes(stopped, 'best.safetensors')).toBe(bytes(whole, 'best.safetensors'));
  expect(metrics(stopped)).toEqual(metrics(whole));
});

it('trains on soft Dice alone with class weights and a label to ignore, which is refused where the spec does not name it', async () => {
  const files = tinyDataset();
  for (const name of Object.keys(files).filter((one) => one.startsWith('labelsTr/'))) {
    const { data, shape } = readVolume(files[name] as Uint8Array, name);
    files[name] = writeVolume({ data: data.map((label, v) => (v < shape[0] * shape[1] ? 255 : label)), shape }, plainGeometry, 'label.nii.gz');
  }
  const dataset = temporaryFolder(files);
  await expect(run(dataset, join(temporaryFolder(), 'run'))).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('the label 255') as string });
  const folder = join(temporaryFolder(), 'run');
  const lossOptions = { classWeights: [1, 2], ignoreLabel: 255 };
  expect(await run(dataset, folder, { spec: { loss: 'dice', lossOptions } })).toMatchObject({ status: 'done', spec: { loss: 'dice', lossOptions } });
  const losses = metrics(folder).filter(({ name, context }) => name === 'loss' && context.split === 'train').map(({ value }) => value);
  expect(Math.max(...losses)).toBeLessThan(1);
  expect(losses.at(-1)!).toBeLessThan(losses[0]!);
});

it('stops when validation has not improved for as long as the patience, and keeps the best', async () => {
  const [dataset, folder] = [temporaryFolder(tinyDataset()), join(temporaryFolder(), 'run')];
  const record = await run(dataset, folder, { spec: { stopping: { stepsPerEpoch: 1, maximumSteps: 500, patienceEpochs: 2 }, optimiser: { learningRate: 1e-9 } } });
  expect(record).toMatchObject({ status: 'done', epochs: 3, bestEpoch: 0 });
});

const everything = { augmentation: { rotationDegrees: 180, mirror: true, intensity: true }, sampling: { kind: 'patch', patchSize: 8, marginVoxels: 4 }, optimiser: { learningRate: 0.02, weightAverage: 0.9 }, stopping: { stepsPerEpoch: 5, maximumSteps: 15, patienceEpochs: 10, monitor: 'validation-loss' } };

it('with augmentation, patches, weight average and samples drawn in a thread gives the same bytes as with all in one thread, and when it is stopped and resumed', async () => {
  const dataset = temporaryFolder(tinyDataset());
  const [whole, inThread, stopped] = ['whole', 'in-thread', 'stopped'].map((name) => join(temporaryFolder(), name)) as [string, string, string];
  const sampleThread = await builtSampleThread();
  await run(dataset, whole, { spec: everything });
  expect(await run(dataset, inThread, { spec: everything, sampleThread })).toMatchObject({ status: 'done', steps: 15 });
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  await expect(run(dataset, stopped, { spec: everything, sampleThread, cancel, onProgress: ({ step }) => void (step === 8 && (cancel[0] = 1)) })).rejects.toMatchObject({ code: 'cancelled' });
  await run(dataset, stopped, { spec: everything, sampleThread, resume: true });
  for (const folder of [inThread, stopped]) {
    expect(bytes(folder, 'best.safetensors')).toBe(bytes(whole, 'best.safetensors'));
    expect(metrics(folder)).toEqual(metrics(whole));
  }
  const waiting = readFileSync(join(inThread, 'metrics.jsonl'), 'utf8').split('\n').filter((line) => line.includes('"waiting"')).map((line) => (JSON.parse(line) as { value: number }).value);
  expect(waiting).toHaveLength(3);
  for (const share of waiting) expect(share >= 0 && share <= 1).toBe(true);
});

it('validates with the average of the weights, keeps the best by validation loss, and goes on from the weights themselves', async () => {
  const dataset = temporaryFolder(tinyDataset());
  const [plain, averaged] = ['plain', 'averaged'].map((name) => join(temporaryFolder(), name)) as [string, string];
  await run(dataset, plain);
  const record = await run(dataset, averaged, { spec: { optimiser: { learningRate: 0.02, weightAverage: 0.8 }, stopping: { ...tinySpec.stopping, monitor: 'validation-loss' } } });
  const of = (folder: string, split: string) => metrics(folder).filter(({ name, context }) => name === 'loss' && context.split === split).map(({ value }) => value);
  expect(of(averaged, 'train')).toEqual(of(plain, 'train'));
  const losses = of(averaged, 'validation');
  expect(losses).not.toEqual(of(plain, 'validation'));
  expect(record.bestValidationLoss).toBe(Math.min(...losses));
  expect(record.bestEpoch).toBe(losses.indexOf(Math.min(...losses)));
  const { tensors } = readSafetensors(readFileSync(join(averaged, 'last.safetensors')), 'last');
  const names = [...tensors.keys()].filter((name) => name.startsWith('average/'));
  expect(names.length).toBeGreaterThan(3);
  // the last epoch was the best: what was saved is the corrected average, beside other weights
  expect(record.bestEpoch).toBe(3);
  const best = readSafetensors(readFileSync(join(averaged, 'best.safetensors')), 'best').tensors;
  for (const name of names) {
    const own = name.slice('average/'.length);
    const [sum, value] = [tensors.get(name)!.data, best.get(own)!.data] as [Float32Array, Float32Array];
    value.forEach((v, i) => expect(v).toBeCloseTo(sum[i]! / (1 - 0.8 ** 20), 5));
    expect(value).not.toEqual(tensors.get(own)!.data);
  }
});

it('says which case a patch is larger than, and leaves out broken cases only when asked', async () => {
  const files = tinyDataset();
  const folder = join(temporaryFolder(), 'run');
  await expect(run(temporaryFolder(files), folder, { spec: { sampling: { kind: 'patch', patchSize: 13 } } })).rejects.toThrow('A patch of 13^3 voxels is larger than case a (12x10x9) along every axis.');
  files['imagesTr/b.nii.gz'] = 'broken';
  delete files['labelsTr/f.nii.gz'];
  const dataset = temporaryFolder(files);
  await expect(run(dataset, folder)).rejects.toThrow('f.nii.gz');
  const record = await run(dataset, folder, { spec: { data: { dataset: 'blobs', skipBroken: true }, stopping: { stepsPerEpoch: 1, maximumSteps: 1 } } });
  expect(record.data.map((one) => one.case)).toEqual(['a', 'c', 'd', 'e']);
  expect(record.skipped!.map((one) => one.case)).toEqual(['b', 'f']);
  expect(JSON.stringify(record)).not.toContain(dataset);
});

it('refuses what it cannot use, and touches nothing', async () => {
  const [dataset, folder] = [temporaryFolder(tinyDataset()), join(temporaryFolder(), 'run')];
  await expect(run(dataset, folder, { spec: { model: { ...tinySpec.model, outputs: 3 } } })).rejects.toThrow('The model has 3 outputs and the data set Blobs has 2 classes');
  await expect(run(dataset, folder, { spec: { model: { ...tinySpec.model, irreps: '1x1e+1x0e' } } })).rejects.toThrow('scalars first and each irrep once');
  await expect(run(temporaryFolder(), folder)).rejects.toThrow('laid out in none of the ways');
  expect(existsSync(join(folder, 'last.safetensors'))).toBe(false);
  await run(dataset, folder, { spec: { stopping: { stepsPerEpoch: 1, maximumSteps: 1 } } });
  const before = bytes(folder, 'best.safetensors');
  await expect(run(dataset, folder)).rejects.toThrow('already holds a run');
  // before it looks for the data
  await expect(run(join(dataset, 'nowhere'), folder)).rejects.toThrow('already holds a run');
  await expect(run(dataset, folder, { resume: true, spec: { seed: 4, stopping: { stepsPerEpoch: 1, maximumSteps: 5, patienceEpochs: 30 } } })).rejects.toThrow('This run was started with other settings: seed was 3 and is now 4.');
  expect(bytes(folder, 'best.safetensors')).toBe(before);
});

it('goes on to another ceiling and with more patience where that is the same training, and changes nothing where it is over', async () => {
  const files = tinyDataset();
  const dataset = temporaryFolder(files);
  const [whole, folder] = ['whole', 'resumed'].map((name) => join(temporaryFolder(), name)) as [string, string];
  const resumed = (maximumSteps: number, patienceEpochs = 10) => run(dataset, folder, { resume: true, spec: { stopping: { stepsPerEpoch: 5, maximumSteps, patienceEpochs } } });
  const spec = { stopping: { stepsPerEpoch: 5, maximumSteps: 12, patienceEpochs: 11 } };
  await run(dataset, whole, { spec });
  await resumed(5);
  await resumed(12, 11);
  expect(bytes(folder, 'best.safetensors')).toBe(bytes(whole, 'best.safetensors'));
  expect(metrics(folder)).toEqual(metrics(whole));
  // an epoch of 2 steps is no part of a longer training, 12 steps are none of a shorter one, and less patience might have ended it
  await expect(resumed(20, 11)).rejects.toThrow('stopping.maximumSteps was 12 and is now 20.');
  await expect(resumed(10, 11)).rejects.toThrow('stopping.maximumSteps was 12 and is now 10.');
  await expect(resumed(12, 10)).rejects.toThrow('stopping.patienceEpochs was 11 and is now 10.');

  const record = { ...(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunRecord), evaluation: { dataset: 'Blobs', split: 'test', upright: { mean: 0.5, sd: 0, n: 1 }, curve: [] } };
  record.environment.version = 'older';
  writeFileSync(join(folder, 'run.json'), JSON.stringify(record));
  expect(await resumed(12, 11)).toEqual(record);
  expect(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'))).toEqual(record);
});

it('does not go on with other data or another backend than it began with', async () => {
  const files = tinyDataset();
  const folder = join(temporaryFolder(), 'run');
  await run(temporaryFolder(files), folder, { spec: { stopping: { stepsPerEpoch: 1, maximumSteps: 1 } } });
  const before = bytes(folder, 'last.safetensors');
  const again = (changed: Record<string, unknown>, data = tinySpec.data) => run(temporaryFolder({ ...files, ...changed }), folder, { resume: true, spec: { data, stopping: { stepsPerEpoch: 1, maximumSteps: 2 } } });
  await expect(again({ 'imagesTr/b.nii.gz': files['imagesTr/a.nii.gz'], 'labelsTr/b.nii.gz': files['labelsTr/a.nii.gz'] })).rejects.toThrow('This run was started on other data: b changed since.');
  await expect(again({ 'split.json': { train: ['a', 'b', 'c'], validation: ['d', 'e'], test: [] } })).rejects.toThrow('other data: d, f changed since.');
  expect(bytes(folder, 'last.safetensors')).toBe(before);
  const record = readFileSync(join(folder, 'run.json'), 'utf8');
  writeFileSync(join(folder, 'run.json'), record.replace('"backend": "wasm"', '"backend": "tensorflow"'));
  await expect(again({})).rejects.toThrow('This run was started on the backend tensorflow, and this is wasm.');
  writeFileSync(join(folder, 'run.json'), record);
  // the data set may have moved
  expect(await again({}, { dataset: 'elsewhere/blobs' })).toMatchObject({ status: 'done', steps: 2, spec: { data: { dataset: 'elsewhere/blobs' } } });
});

it('ends while it reads its data where it is to, and writes nothing', async () => {
  const [dataset, folder] = [temporaryFolder(tinyDataset()), join(temporaryFolder(), 'run')];
  await expect(run(dataset, folder, { sampleThread: await builtSampleThread(), signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  expect(existsSync(folder)).toBe(false);
});

it('is refused before anything is written, by whoever knows the sizes of the training cases', async () => {
  const [dataset, folder] = [temporaryFolder(tinyDataset()), join(temporaryFolder(), 'run')];
  let sizes: unknown;
  await expect(run(dataset, folder, { beforeTraining: async (data) => { sizes = data.sizes; throw badInput('Too large.', 'Make it smaller.'); } })).rejects.toThrow('Too large.');
  expect(existsSync(folder)).toBe(false);
  expect(sizes).toEqual(Array(4).fill({ shape: [12, 10, 9], turned: expect.any(Array) as unknown }));
});
