/** @file What the engine process asks of its compute worker, and the messages between them. */
import type { Arguments, EngineStatus, OpenCase, Segmentation } from '../contract/engine-api';
import type { Result } from '../contract/problem';

export interface ComputeTasks {
  /** Starts the backend; asked once, first. */
  start: { arguments: { assetsFolder: string }; result: Pick<EngineStatus, 'threads' | 'kernelVariant'> & { mode: 'threads' | 'single-thread' } };
  openCase: { arguments: Arguments<'openCase'>; result: OpenCase };
  segment: { arguments: Arguments<'segment'>; result: Segmentation };
}
export type ComputeTask = keyof ComputeTasks;

export type ComputeRequest = { [T in ComputeTask]: { id: number; task: T; args: ComputeTasks[T]['arguments'] } }[ComputeTask];
export interface ComputeReply {
  id: number;
  result: Result<ComputeTasks[ComputeTask]['result']>;
}

/** Handed to a compute worker that runs as a thread; a child process gets none and cannot be interrupted. */
export interface ComputeWorkerData {
  /** Non-zero in its first word: end what runs now. */
  cancel: Int32Array;
}
