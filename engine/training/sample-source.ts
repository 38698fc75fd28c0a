/** @file Where samples come from: drawn when they are asked for, in this thread or, beside the training step, in one of their own. The bits are the same. */
import { Worker } from 'node:worker_threads';
import { acceptedSizes } from '../contract/network-sizes';
import { cancelled, GyraError, problemFrom, type Result } from '../contract/problem';
import type { TrainingSpec } from '../contract/training-spec';
import { drawSample, drawValidationSample, type Sample } from './sampler';
import { openTrainingData, type TrainingData } from './training-data';

/** A training sample follows from case and step, counted from 1; a validation sample from the case. */
export type SampleRequest = { readonly part: 'train'; readonly caseId: string; readonly step: number } | { readonly part: 'validation'; readonly caseId: string };

export interface SampleSource {
  readonly data: TrainingData;
  /** How many samples are worth asking for before they are needed. */
  readonly ahead: number;
  /** Answers in the order of the questions. */
  draw(request: SampleRequest): Promise<Sample>;
  close(): Promise<void>;
}

/** @throws GyraError as {@link openTrainingData} */
export async function openSamples(spec: TrainingSpec, datasetFolder: string): Promise<SampleSource> {
  const { data, reader } = await openTrainingData(spec, datasetFolder);
  const sizes = acceptedSizes(spec.model);
  let last: Promise<unknown> = Promise.resolve();
  return {
    data,
    ahead: 0,
    draw(request) {
      const drawn = last.then(async () => {
        const one = await reader.read(request.caseId);
        return request.part === 'train' ? drawSample(spec, one, request.step, sizes) : drawValidationSample(spec, one, sizes);
      });
      last = drawn.catch(() => undefined);
      return drawn;
    },
    close: async () => {},
  };
}

/** One sample may be large (128^3 voxels of four contrasts are 34 MB), and one may take longer to draw than a step where the next takes less. */
const ahead = 3;

export interface SampleThreadData {
  readonly spec: TrainingSpec;
  readonly datasetFolder: string;
}
/** From the thread, in the order of the questions: first the data, then samples. */
export type SampleThreadMessage = { readonly data: Result<TrainingData> } | { readonly sample: Result<Sample> };

/**
 * As {@link openSamples}, in a thread that runs `threadFile` (engine/host/sample-thread.ts, built).
 * @param signal ends the reading of the data
 */
export function openSamplesInThread(threadFile: URL, spec: TrainingSpec, datasetFolder: string, signal?: AbortSignal): Promise<SampleSource> {
  const thread = new Worker(threadFile, { workerData: { spec, datasetFolder } satisfies SampleThreadData });
  const asked: { resolve(sample: Sample): void; reject(error: Error): void }[] = [];
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(error);
      for (const one of asked.splice(0)) one.reject(error);
    };
    const stop = (): void => {
      fail(cancelled());
      void thread.terminate();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    const settle = <T>(result: Result<T>, succeed: (value: T) => void, refuse: (error: Error) => void): void => (result.ok ? succeed(result.value) : refuse(new GyraError(result.problem.code, result.problem.message, result.problem.remedy)));
    thread.on('error', (error) => {
      const { code, message, remedy } = problemFrom(error);
      fail(new GyraError(code, message, remedy));
    });
    thread.on('exit', () => fail(new GyraError('engine-stopped', 'The thread that reads the cases ended early.', 'Run the same command with --resume: it goes on from the last whole epoch.')));
    thread.on('message', (message: SampleThreadMessage) => {
      if ('sample' in message) {
        const { resolve: succeed, reject: refuse } = asked.shift()!;
        settle(message.sample, succeed, refuse);
        return;
      }
      signal?.removeEventListener('abort', stop);
      settle(message.data, (data) => resolve({
        data,
        ahead,
        draw: (request) => new Promise((succeed, refuse) => {
          asked.push({ resolve: succeed, reject: refuse });
          thread.postMessage(request);
        }),
        close: async () => void (await thread.terminate()),
      }), reject);
    });
  });
}
