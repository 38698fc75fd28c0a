/** @file One training in a process of its own, as the command line sees it. The process ends with the job, and its memory with it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BackendName } from '../backends/choose';
import { GyraError, type Result } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import type { TrainingSpec } from '../contract/training-spec';
import type { TrainProgress } from '../training/train';

export interface TrainingRequest {
  readonly spec: TrainingSpec;
  readonly datasetFolder: string;
  readonly runFolder: string;
  readonly resume: boolean;
  readonly timeLimitMinutes?: number;
  readonly threads?: number;
  /** Default wasm. */
  readonly backend?: BackendName;
}
/** To the job process; anything else it gets is ignored. */
export type JobRequest = { kind: 'train'; request: TrainingRequest } | { kind: 'cancel' | 'stop' | 'pause' | 'resume' };
export type JobMessage = { kind: 'progress'; progress: TrainProgress } | { kind: 'end'; result: Result<RunRecord> };

/** What message thread and compute thread of a job share: how it is to end, whether it waits, milliseconds of all pauses that are over. */
export type JobControl = Int32Array;
/** Values of its first word. */
export const ending = { cancel: 1, keepBest: 2 } as const;

export interface TrainingJob {
  /** Rejects with a GyraError; of code `cancelled` after `cancel`, with the last whole epoch kept. */
  readonly finished: Promise<RunRecord>;
  /** Stops the training within one tile. */
  cancel(): void;
  /** Stops it as soon, and `finished` resolves with the record, of status `stopped`, and the best weights so far; rejects as after `cancel` where no epoch has ended. */
  stop(): void;
  /** Waits from the next operator on, until `resume` or `cancel`. */
  pause(): void;
  resume(): void;
}

export function startTrainingJob(request: TrainingRequest, onProgress: (progress: TrainProgress) => void, processFile = fileURLToPath(new URL('./job-process.js', import.meta.url))): TrainingJob {
  // its own process group would outlive a closed terminal: it stays in ours and hears the end of the channel instead
  const child = fork(processFile, { serialization: 'advanced', execArgv: [] });
  const finished = new Promise<RunRecord>((resolve, reject) => {
    child.on('message', (message: JobMessage) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.result.ok) resolve(message.result.value);
      else reject(new GyraError(message.result.problem.code, message.result.problem.message, message.result.problem.remedy));
    });
    child.on('exit', (code, signal) => reject(new GyraError('engine-stopped', `The training process ended early (${signal ?? `code ${code}`}).`, 'Run the same command with --resume: it goes on from the last whole epoch.')));
    child.on('error', reject);
  });
  // A process that ended a moment ago cannot be written to; its exit says so.
  const send = (message: JobRequest): void => void (child.connected && child.send(message, () => undefined));
  send({ kind: 'train', request });
  return { finished, cancel: () => send({ kind: 'cancel' }), stop: () => send({ kind: 'stop' }), pause: () => send({ kind: 'pause' }), resume: () => send({ kind: 'resume' }) };
}
