/** @file The compute thread of a job process. */
import { parentPort, workerData } from 'node:worker_threads';
import packageJson from '../../package.json';
import { problemFrom, type Result } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import { meanDice, overlaps } from '../evaluation/dice';
import { RunFolder } from '../training/run-folder';
import { train } from '../training/train';
import { startChosenBackend } from './backend-option';
import { refuseVolumesThatDoNotFit, refuseWhatDoesNotFit } from './plan-step';
import { ending, type JobControl, type JobMessage, type TrainingRequest } from './training-job';

export interface JobWorkerData {
  control: JobControl;
  request: TrainingRequest;
}
const { control, request } = workerData as JobWorkerData;
/** The only message there is: the job is to end, whatever it does. */
const reading = new AbortController();
parentPort!.on('message', () => reading.abort());
const say = (message: JobMessage): void => parentPort!.postMessage(message);

try {
  const { model, sampling } = request.spec;
  const { backend: wanted = 'wasm', threads } = request;
  if (wanted === 'wasm' && sampling.kind === 'patch') await refuseWhatDoesNotFit(model, sampling.patchSize, threads);
  const startBackend = () => startChosenBackend(wanted, { threads, cancel: control });
  const backend = await startBackend();
  const record = await train({
    ...request,
    score: (prediction, reference, structures) => meanDice(overlaps(prediction, reference, structures)),
    environment: { version: packageJson.version, backend: backend.name, kernelVariant: backend.kernelVariant, threads: backend.threads },
    async beforeTraining({ sizes }) {
      // patches were checked before, unless TensorFlow was to compute and could not
      if (backend.name !== 'wasm' || (sampling.kind === 'patch' && wanted === 'wasm')) return;
      if (sampling.kind === 'patch') await refuseWhatDoesNotFit(model, sampling.patchSize, threads);
      else await refuseVolumesThatDoNotFit(model, sizes, sampling.marginVoxels, threads);
      // the plan had a backend of its own
      await startBackend();
    },
    sampleThread: new URL('./sample-thread.js', import.meta.url),
    signal: reading.signal,
    pausedMilliseconds: () => Atomics.load(control, 2),
    onProgress: (progress) => say({ kind: 'progress', progress }),
  });
  say({ kind: 'end', result: { ok: true, value: record } });
} catch (error) {
  say({ kind: 'end', result: (await stoppedWithBest()) ?? { ok: false, problem: problemFrom(error) } });
}

/** The run as it is, where it was to stop and has a best epoch. */
async function stoppedWithBest(): Promise<Result<RunRecord> | null> {
  if (Atomics.load(control, 0) !== ending.keepBest) return null;
  const record = await new RunFolder(request.runFolder).readRecord().catch(() => null);
  return record?.status === 'stopped' && record.bestEpoch !== null ? { ok: true, value: record } : null;
}
parentPort!.close();
process.exit();
