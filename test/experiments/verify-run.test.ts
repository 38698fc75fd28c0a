import { appendFileSync, copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../../engine/backends/choose';
import { GyraError } from '../../engine/contract/problem';
import { trainingSpec } from '../../engine/contract/training-spec';
import { readSafetensors, writeSafetensors } from '../../engine/data/safetensors';
import { meanDice, overlaps } from '../../engine/evaluation/dice';
import { verifyRun, type Repeat } from '../../engine/experiments/verify-run';
import { train } from '../../engine/training/train';
import { temporaryFolder } from '../support/temporary-folder';
import { tinyDataset, tinySpec } from '../support/tiny-dataset';

const spec = trainingSpec.parse({ ...tinySpec, optimiser: { ...tinySpec.optimiser, schedule: 'polynomial' }, stopping: { stepsPerEpoch: 1, maximumSteps: 2 } });

/** As the job process does it, in this process; a cancel is the backend's flag. */
const repeatWith = (datasetFolder: string, version = '0'): Repeat => async (repeated, runFolder, { oneEpoch, onStep }) => {
  const cancel = new Int32Array(new SharedArrayBuffer(8));
  const backend = await startBackend({ threads: 1, cancel });
  try {
    return await train({
      spec: repeated, datasetFolder, runFolder, resume: true, timeLimitMinutes: oneEpoch ? Number.MIN_VALUE : undefined,
      score: (prediction, reference, structures) => meanDice(overlaps(prediction, reference, structures)),
      environment: { version, backend: 'wasm', kernelVariant: backend.kernelVariant, threads: 1 },
      onProgress: (progress) => {
        if (onStep(progress) === 'cancel') Atomics.store(cancel, 0, 1);
      },
    });
  } catch (error) {
    if (error instanceof GyraError && error.code === 'cancelled') return 'cancelled';
    throw error;
  } finally {
    await backend.dispose();
  }
};

/** A data set and a run of two steps on it, stopped after the first where asked. */
async function trained(isStopped = false) {
  const folder = temporaryFolder(Object.fromEntries(Object.entries(tinyDataset()).map(([path, content]) => [`blobs/${path}`, content])));
  const [dataset, run] = [join(folder, 'blobs'), join(folder, 'run')];
  await repeatWith(dataset)(spec, run, { oneEpoch: isStopped, onStep: () => 'go on' });
  return { dataset, run };
}

describe('verifyRun', () => {
  it('finds a run equal to itself, in losses and weights, and leaves nothing behind', async () => {
    const { dataset, run } = await trained();
    appendFileSync(join(run, 'metrics.jsonl'), '{"name":"loss","val'); // killed while it wrote
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('gyra-verify-'));
    const result = await verifyRun(run, dataset, repeatWith(dataset));
    expect(result).toEqual({ isEqual: true, different: [], circumstances: [], same: ['data: SHA-256 of 6 cases', 'loss of each of the first 2 steps', expect.stringMatching(/^best weights: [0-9a-f]{16}$/), expect.stringMatching(/^last weights: [0-9a-f]{16}$/)] });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('gyra-verify-'))).toEqual(before);
  });

  it('repeats a run that was stopped up to where it came', async () => {
    const { dataset, run } = await trained(true);
    expect(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'))).toMatchObject({ status: 'stopped', steps: 1 });
    expect(await verifyRun(run, dataset, repeatWith(dataset))).toMatchObject({ isEqual: true, different: [] });
    // and no further, however many steps are asked for
    let reached = 0;
    const counting: Repeat = (repeated, folder, { onStep, ...rest }) => repeatWith(dataset)(repeated, folder, { ...rest, onStep: (progress) => ((reached = progress.step), onStep(progress)) });
    expect(await verifyRun(run, dataset, counting, 9)).toMatchObject({ isEqual: true, same: ['data: SHA-256 of 6 cases', 'loss of each of the first 1 steps'] });
    expect(reached).toBe(1);
  });

  it('compares the first losses alone, and weights that are stored in half precision', async () => {
    const { dataset, run } = await trained();
    expect(await verifyRun(run, dataset, repeatWith(dataset), 1)).toMatchObject({ isEqual: true, same: ['data: SHA-256 of 6 cases', 'loss of each of the first 1 steps'] });
    const best = join(run, 'best.safetensors');
    const { tensors, metadata } = readSafetensors(readFileSync(best));
    writeFileSync(best, writeSafetensors(new Map([...tensors].map(([name, { shape, data }]) => [name, { dtype: 'F16' as const, shape, data: data as Float32Array }])), metadata));
    expect((await verifyRun(run, dataset, repeatWith(dataset))).isEqual).toBe(true);
  });

  it('says which weights and which step differ, and what else is not as it was', async () => {
    const { dataset, run } = await trained();
    const best = join(run, 'best.safetensors');
    const bytes = readFileSync(best);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(best, bytes);
    const metrics = join(run, 'metrics.jsonl');
    const lines = readFileSync(metrics, 'utf8').split('\n').map((line) => (line.includes('"train"') && line.includes('"step":2') ? line.replace(/"value":[\d.]+/, '"value":9') : line));
    writeFileSync(metrics, lines.join('\n'));
    const result = await verifyRun(run, dataset, repeatWith(dataset, '1'));
    expect(result.isEqual).toBe(false);
    expect(result.different).toEqual([expect.stringMatching(/^loss of step 2: 9 in the run, \d\.\d+ now$/), expect.stringMatching(/^best weights: \w{16} in the run, \w{16} now$/)]);
    expect(result.circumstances).toEqual(['version of Gyra: 0 in the run, 1 now']);
  });

  it('compares data first, and trains nothing where they differ', async () => {
    const { dataset, run } = await trained();
    copyFileSync(join(dataset, 'imagesTr/a.nii.gz'), join(dataset, 'imagesTr/b.nii.gz'));
    const result = await verifyRun(run, dataset, () => Promise.reject(new Error('trained')));
    expect(result).toMatchObject({ isEqual: false, different: ['data: 1 of 6 cases are not those of the record (b); nothing was trained'] });
  });

  it('refuses a folder that holds nothing to compare', async () => {
    const { dataset, run } = await trained();
    const record = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
    const bare = join(run, 'bare');
    mkdirSync(bare);
    appendFileSync(join(bare, 'run.json'), JSON.stringify({ ...record, epochs: 0 }));
    await expect(verifyRun(bare, dataset, repeatWith(dataset))).rejects.toThrow('bare has not finished an epoch');
  });
});
