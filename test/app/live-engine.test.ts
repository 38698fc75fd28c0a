import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EngineSupervisor, superviseEngine } from '../../electron/engine-supervisor';
import { forkEngine } from '../../electron/loopback/forked-engine';
import type { Arguments, EngineEvents, EventMessage, Method, Reply } from '../../engine/contract/engine-api';
import type { Result } from '../../engine/contract/problem';
import { cubeRotations, identityRotation, planeRotation } from '../../engine/math/rotation';
import { rotateLabels } from '../../engine/math/resample';
import { dicomSlices, mhaFile, nrrdFile } from '../support/volume-files';
import { nicenessOfThreads, root } from '../support/workbench';
import { writeUntrainedAssets } from '../support/untrained-assets';

const folder = mkdtempSync(join(tmpdir(), 'gyra-engine-'));
const events: EventMessage[] = [];
let engine: EngineSupervisor;

beforeAll(async () => {
  await writeUntrainedAssets(folder, join(root, 'assets', 'cases'));
  engine = superviseEngine(() => forkEngine(join(root, 'dist', 'engine', 'engine-process.js'), folder), (event) => events.push(event));
});
afterAll(() => {
  engine.stop();
  rmSync(folder, { recursive: true });
});

const call = <M extends Method>(method: M, args: Arguments<M>) => engine.call(method, args) as Promise<Result<Reply<M>>>;
async function value<M extends Method>(method: M, args: Arguments<M>): Promise<Reply<M>> {
  const result = await call(method, args);
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}
const caseId = 'hippocampus_004';
const modelIds = ['hippocampus-steerable', 'hippocampus-ordinary'];
const pose = (degrees: number) => [...planeRotation('axial', degrees)];
const jobStates = (id: string) => events.filter(({ event }) => event === 'job').map(({ payload }) => payload as EngineEvents['job']).filter(({ jobId }) => jobId === id);
const file = (part: string) => ({ name: `${caseId}.nii.gz`, bytes: new Uint8Array(readFileSync(join(root, 'assets', 'cases', part, `${caseId}.nii.gz`))) });

describe('live engine', () => {
  it('passes its self-check and lists what ships, the steerable model first', async () => {
    const status = await value('status', {});
    expect(status).toMatchObject({ backend: 'wasm', mode: 'threads' });
    // Message thread, compute worker and its helpers: the window goes first.
    if (process.platform === 'linux') expect(nicenessOfThreads(engine.pid!).filter((nice) => nice === 2).length).toBeGreaterThanOrEqual(1 + status.threads);
    expect((await value('listCases', {})).find(({ id }) => id === caseId)).toEqual({ id: caseId, name: caseId, split: 'test' });
    expect((await value('listModels', {})).map(({ id, name }) => [id, name])).toEqual([['hippocampus-steerable', 'Steerable'], ['hippocampus-ordinary', 'Ordinary']]);
  });

  it('opens a case on a cube in which no turn by dial cuts it', async () => {
    const { canvasShape, image, reference, window, fill, structures } = await value('openCase', { caseId });
    expect(new Set(canvasShape).size).toBe(1);
    expect(canvasShape[0] % 4).toBe(0);
    expect([image.length, reference!.length]).toEqual([canvasShape[0] ** 3, canvasShape[0] ** 3]);
    expect(window[0]).toBeLessThan(fill);
    expect(window[1]).toBeGreaterThan(fill);
    expect(structures.map(({ name }) => name)).toEqual(['Anterior', 'Posterior']);
    const whole = new Uint8Array(image.length).map((_, i) => Number(image[i] !== fill));
    const count = (voxels: Uint8Array) => voxels.reduce((sum, voxel) => sum + voxel, 0);
    const turnedOn = (side: number) => count(rotateLabels({ data: whole, shape: canvasShape }, planeRotation('sagittal', 45), [side, side, side]).data);
    expect(turnedOn(canvasShape[0])).toBe(turnedOn(canvasShape[0] + 16));
  });

  it('opens the same from files, under an id that stays; labels are optional', async () => {
    const shipped = await value('openCase', { caseId });
    const dropped = await value('openCase', { files: [file('imagesTr')], reference: file('labelsTr') });
    expect(dropped).toMatchObject({ split: 'opened', name: `${caseId}.nii.gz`, canvasShape: shipped.canvasShape, structures: [{ value: 1, name: 'Label 1' }, { value: 2, name: 'Label 2' }] });
    expect(dropped.image).toEqual(shipped.image);
    const alone = await value('openCase', { files: [file('imagesTr')] });
    expect(alone.reference).toBeNull();
    expect(alone.id).not.toBe(dropped.id);
    const { scores, meanDice } = await value('segment', { caseId: alone.id, modelId: modelIds[0], rotation: pose(0) });
    expect([meanDice, scores.map(({ dice, referenceMl }) => [dice, referenceMl])]).toEqual([null, [[null, null], [null, null]]]);
  });

  it('opens other formats, slices of a series and several contrasts, turned to one orientation, and says so', async () => {
    const volume = { shape: [12, 14, 10], spacing: [1, 1, 1], value: (i: number) => (i * 37) % 211 } as const;
    const named = (name: string, bytes: Uint8Array) => ({ name, bytes: new Uint8Array(bytes) });
    const turned = "The file's axes run LPS: they are turned to right, front, up (RAS).";
    const nrrd = await value('openCase', { files: [named('a.nrrd', nrrdFile(volume))] });
    expect(nrrd).toMatchObject({ fileShape: [12, 14, 10], orientation: 'RAS', notices: [turned] });
    const series = await value('openCase', { files: dicomSlices(volume).map((bytes, z) => named(`${z}.dcm`, bytes)) });
    expect(series.notices).toEqual([turned]);
    // Twice the intensities are the same z-scores.
    series.image.forEach((intensity, i) => expect(Math.abs(intensity - nrrd.image[i]!)).toBeLessThan(1e-5));
    const two = await value('openCase', { files: [named('a.nrrd', nrrdFile(volume)), named('b.mha', mhaFile({ ...volume, value: (i) => -i }))] });
    expect(two.notices).toContain('The case has 2 contrasts: the first is shown, all are turned and segmented.');
    expect(two.image).toEqual(nrrd.image);
    expect(await call('segment', { caseId: two.id, modelId: modelIds[0]!, rotation: pose(0) })).toMatchObject({ ok: false, problem: { message: expect.stringContaining('takes 1 contrast of each case, and there are 2') } });
    expect(await call('openCase', { files: [named('cut.mha', mhaFile(volume).subarray(0, 90))] })).toMatchObject({ ok: false, problem: { code: 'bad-input', message: 'cut.mha could not be read as a MetaImage file.' } });
  });

  it('names what is wrong with a file, and goes on', async () => {
    const { name, bytes } = file('imagesTr');
    const problems = await Promise.all([{ name: 'notes.txt', bytes: new TextEncoder().encode('hello '.repeat(100)) }, { name, bytes: bytes.subarray(0, 5000) }, { name: 'empty.nii', bytes: new Uint8Array() }].map((broken) => call('openCase', { files: [broken] })));
    for (const [i, named] of ['notes.txt', name, 'empty.nii'].entries()) expect(problems[i]).toMatchObject({ ok: false, problem: { code: 'bad-input', message: expect.stringContaining(named) } });
    expect(await call('openCase', { caseId: '../secret' })).toMatchObject({ ok: false, problem: { code: 'not-found' } });
    expect(await call('segment', { caseId, modelId: '../cases', rotation: pose(0) })).toMatchObject({ ok: false, problem: { code: 'not-found' } });
    expect(await call('status', {})).toMatchObject({ ok: true });
  });

  it('segments a turned case the same each time, and a steerable network turns its labels with a right angle', async () => {
    const [upright, again] = [await value('segment', { caseId, modelId: modelIds[0], rotation: [...identityRotation] }), await value('segment', { caseId, modelId: modelIds[0], rotation: [...identityRotation] })];
    expect(again.labels).toEqual(upright.labels);
    const quarter = cubeRotations[5].matrix;
    const turned = await value('segment', { caseId, modelId: modelIds[0], rotation: [...quarter] });
    const expected = rotateLabels({ data: upright.labels, shape: upright.shape }, quarter).data;
    const differ = turned.labels.reduce((sum, label, i) => sum + Number(label !== expected[i]), 0);
    expect(differ / expected.length).toBeLessThan(1e-4);
    expect(upright.milliseconds).toBeGreaterThan(0);
    const referenceMl = upright.scores.map((score) => score.referenceMl);
    expect(referenceMl.every((ml) => ml! > 0.2 && ml! < 5)).toBe(true);
  });

  it('answers only the newest of many poses; the others are cancelled', async () => {
    const answers = await Promise.all([5, 10, 15, 20, 25].map((degrees) => call('segment', { caseId, modelId: modelIds[1], rotation: pose(degrees) })));
    expect(answers.at(-1)).toMatchObject({ ok: true, value: { rotation: pose(25) } });
    for (const older of answers.slice(0, -1)) expect(older).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  });

  it('computes a curve in the background, steps aside for a live request, and can be cancelled', async () => {
    const { jobId } = await value('startCurve', { caseId, modelIds, plane: 'axial', degrees: [0, 90, 180] });
    const live = await call('segment', { caseId, modelId: modelIds[0], rotation: pose(33) });
    expect(live.ok).toBe(true);
    expect(jobStates(jobId).at(-1)!.state).not.toBe('done');
    await expect.poll(() => jobStates(jobId).at(-1)?.state, { timeout: 60_000 }).toBe('done');
    const points = events.filter(({ event, payload }) => event === 'curvePoint' && (payload as EngineEvents['curvePoint']).jobId === jobId);
    expect(points).toHaveLength(6);
    expect(jobStates(jobId).map(({ progress }) => progress)).toEqual(jobStates(jobId).map(({ progress }) => progress).sort((a, b) => a - b));

    const second = await value('startCurve', { caseId, modelIds, plane: 'sagittal', degrees: Array.from({ length: 181 }, (_, i) => i) });
    expect(await value('cancelJob', second)).toEqual({ cancelled: true });
    expect(jobStates(second.jobId).at(-1)).toMatchObject({ state: 'cancelled' });
    expect(await value('cancelJob', second)).toEqual({ cancelled: false });
    // The engine is free at once: nothing of the cancelled job is computed any more.
    expect(await call('segment', { caseId, modelId: modelIds[1], rotation: pose(1) })).toMatchObject({ ok: true });
  });
});
