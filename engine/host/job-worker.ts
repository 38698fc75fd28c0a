/** @file The compute thread of a job process. */
import { parentPort, workerData } from 'node:worker_threads';
import packageJson from '../../package.json';
import { problemFrom } from '../contract/problem';
import { meanDice, overlaps } from '../evaluation/dice';
import { train } from '../training/train';
import { startChosenBackend } from './backend-option';
import { refuseWhatDoesNotFit } from './plan-step';
import type { JobMessage, TrainingRequest } from './training-job';

export interface JobWorkerData {
  cancel: Int32Array;
  request: TrainingRequest;
}
const { cancel, request } = workerData as JobWorkerData;
const say = (message: JobMessage): void => parentPort!.postMessage(message);

try {
  const { model, sampling } = request.spec;
  if ((request.backend ?? 'wasm') === 'wasm' && sampling.kind === 'patch') await refuseWhatDoesNotFit(model, sampling.patchSize, request.threads);
  const backend = await startChosenBackend(request.backend ?? 'wasm', { threads: request.threads, cancel });
  const record = await train({
    ...request,
    score: (prediction, reference, structures) => meanDice(overlaps(prediction, reference, structures)),
    environment: { version: packageJson.version, backend: backend.name, kernelVariant: backend.kernelVariant, threads: backend.threads },
    onProgress: (progress) => say({ kind: 'progress', progress }),
  });
  say({ kind: 'end', result: { ok: true, value: record } });
} catch (error) {
  say({ kind: 'end', result: { ok: false, problem: problemFrom(error) } });
}
parentPort!.close();
process.exit();
