/** @file Main file of a job process: its own thread only handles messages, so that a cancel or a pause is read at once; the training runs in a worker thread. */
import { constants, setPriority } from 'node:os';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { problemFrom } from '../contract/problem';
import { ending, type JobControl, type JobMessage, type JobRequest } from './training-job';
import type { JobWorkerData } from './job-worker';

/** Cancel and pause, as BackendOptions.cancel has them; then the milliseconds of all pauses that are over. */
const control: JobControl = new Int32Array(new SharedArrayBuffer(12));
let worker: Worker | undefined;
let pausedAt: number | null = null;
const pause = (): void => {
  pausedAt ??= performance.now();
  Atomics.store(control, 1, 1);
};
const resume = (): void => {
  if (pausedAt !== null) Atomics.add(control, 2, Math.round(performance.now() - pausedAt));
  pausedAt = null;
  Atomics.store(control, 1, 0);
  Atomics.notify(control, 1);
};
const end = (how: (typeof ending)[keyof typeof ending]): void => {
  Atomics.compareExchange(control, 0, 0, how);
  resume();
  // the flag is seen by kernels alone
  worker?.postMessage('end');
};
const stop = (): void => end(ending.cancel);
const say = (message: JobMessage): void => void (process.connected && process.send?.(message));

// Ctrl-C reaches the whole group: the command that started us decides, and tells us through the channel
process.on('SIGINT', () => {});
process.on('SIGTERM', stop);
// whoever started the job is gone: keep what a resume needs and end
process.on('disconnect', stop);

try {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // only a courtesy to the window
}

process.on('message', (message: JobRequest) => {
  if (message.kind === 'cancel') stop();
  if (message.kind === 'stop') end(ending.keepBest);
  if (message.kind === 'pause') pause();
  if (message.kind === 'resume') resume();
  if (message.kind !== 'train' || worker) return;
  // TensorFlow reads its settings from the environment of the process
  worker = new Worker(new URL('./job-worker.js', import.meta.url), { workerData: { control, request: message.request } satisfies JobWorkerData, env: SHARE_ENV });
  worker.on('message', say);
  worker.on('error', (error) => say({ kind: 'end', result: { ok: false, problem: problemFrom(error) } }));
  worker.on('exit', () => process.disconnect?.());
});
