/** @file The compute worker as the engine process sees it: one task at a time, interruptible. A thread; an ordinary child process where threads cannot be had. */
import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { EngineStatus } from '../contract/engine-api';
import { GyraError, problemFrom } from '../contract/problem';
import type { ComputeReply, ComputeRequest, ComputeTask, ComputeTasks, ComputeWorkerData } from './compute-tasks';

export interface Compute {
  /** What the self-check found. */
  readonly status: Pick<EngineStatus, 'threads' | 'mode' | 'kernelVariant'>;
  /** Runs a task; the caller asks for one after another. Rejects with a GyraError. */
  run<T extends ComputeTask>(task: T, args: ComputeTasks[T]['arguments']): Promise<ComputeTasks[T]['result']>;
  /** Ends the running task with code `cancelled` within one tile; without one it does nothing. */
  cancel(): void;
}

export interface ComputeOptions {
  /** The built compute worker. */
  workerFile: string;
  assetsFolder: string;
  /** How long the self-check may take. */
  startLimitMs?: number;
  /** The worker ended by itself: nothing can be computed any more. */
  onExit(): void;
}

/** A running worker, thread or process. */
interface Channel {
  post(request: ComputeRequest): void;
  onReply(listener: (reply: ComputeReply) => void): void;
  onExit(listener: (problem: Error) => void): void;
  end(): void;
}

/** Starts a thread, else a child process. @throws GyraError where neither comes up. */
export async function startCompute(options: ComputeOptions): Promise<Compute> {
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  try {
    return await connect(() => thread(options.workerFile, cancel), cancel, options);
  } catch {
    const compute = await connect(() => childProcess(options.workerFile), cancel, options);
    return { ...compute, status: { ...compute.status, mode: 'child-process' } };
  }
}

async function connect(open: () => Channel, cancel: Int32Array, { assetsFolder, startLimitMs = 60_000, onExit }: ComputeOptions): Promise<Compute> {
  const channel = open();
  const pending = new Map<number, { resolve(value: never): void; reject(reason: Error): void }>();
  let nextId = 0;
  let isStarted = false;
  channel.onReply(({ id, result }) => {
    const waiting = pending.get(id);
    pending.delete(id);
    if (result.ok) waiting?.resolve(result.value as never);
    else waiting?.reject(new GyraError(result.problem.code, result.problem.message, result.problem.remedy));
  });
  channel.onExit((reason) => {
    const { message, remedy } = problemFrom(reason);
    for (const { reject } of pending.values()) reject(new GyraError('engine-stopped', message, remedy));
    pending.clear();
    if (isStarted) onExit();
  });
  const run = <T extends ComputeTask>(task: T, args: ComputeTasks[T]['arguments']) =>
    new Promise<ComputeTasks[T]['result']>((resolve, reject) => {
      const id = nextId++;
      pending.set(id, { resolve, reject });
      // A cancel that came too late for the last task must not end this one.
      Atomics.store(cancel, 0, 0);
      channel.post({ id, task, args } as ComputeRequest);
    });
  const timer = setTimeout(() => channel.end(), startLimitMs);
  try {
    const status = await run('start', { assetsFolder });
    isStarted = true;
    return { status, run, cancel: () => void Atomics.store(cancel, 0, 1) };
  } finally {
    clearTimeout(timer);
    if (!isStarted) channel.end();
  }
}

function thread(workerFile: string, cancel: Int32Array): Channel {
  const worker = new Worker(workerFile, { workerData: { cancel } satisfies ComputeWorkerData });
  let reason = new Error('The compute thread ended.');
  worker.on('error', (error) => (reason = error instanceof Error ? error : reason));
  return {
    post: (request) => worker.postMessage(request),
    onReply: (listener) => worker.on('message', listener),
    onExit: (listener) => worker.on('exit', () => listener(reason)),
    end: () => void worker.terminate(),
  };
}

function childProcess(workerFile: string): Channel {
  const child = fork(workerFile, { serialization: 'advanced', execArgv: [] });
  child.on('error', () => child.kill());
  return {
    post: (request) => void (child.connected && child.send(request)),
    onReply: (listener) => child.on('message', (reply) => listener(reply as ComputeReply)),
    onExit: (listener) => child.on('exit', () => listener(new Error('The compute process ended.'))),
    end: () => void child.kill(),
  };
}
