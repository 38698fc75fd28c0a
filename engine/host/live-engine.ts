/** @file The engine behind the window: one handler for each call of the contract. Only handles messages; the compute worker computes. */
import packageJson from '../../package.json';
import { methods, type Arguments, type EngineStatus, type Method, type Reply } from '../contract/engine-api';
import { badInput, problemFrom, type Result } from '../contract/problem';
import type { Compute } from './compute';
import { createCurveJobs, type Tell } from './curve-jobs';
import { createLiveQueue } from './live-queue';
import { shippedCases, shippedModels } from './shipped-library';
import { createYieldingJobs, type YieldingJobs } from './yielding-jobs';

export interface LiveEngine {
  /** Parses the arguments and runs the call; every failure is a value. */
  call(method: Method, args: unknown): Promise<Result<unknown>>;
  /** Job processes that wait while a call of the window is computed. */
  readonly jobs: YieldingJobs;
}

type Handlers = { [M in Method]: (args: Arguments<M>) => Reply<M> | Promise<Reply<M>> };

export const statusOf = (compute: Compute): EngineStatus => ({ backend: 'wasm', ...compute.status, version: packageJson.version });

/** @param assetsFolder holds the shipped cases and models */
export function createLiveEngine(compute: Compute, assetsFolder: string, tell: Tell): LiveEngine {
  const curves = createCurveJobs(compute, tell);
  const jobs = createYieldingJobs();
  const queue = createLiveQueue(compute, curves, jobs.yield);
  const handlers: Handlers = {
    status: () => statusOf(compute),
    listCases: () => shippedCases(assetsFolder),
    listModels: () => shippedModels(assetsFolder),
    openCase: (args) => queue.openCase(args),
    segment: (args) => queue.segment(args),
    startCurve(args) {
      const job = curves.start(args);
      queue.wake();
      return job;
    },
    cancelJob: ({ jobId }) => curves.cancel(jobId),
  };
  return {
    jobs,
    async call(method, args) {
      const parsed = methods[method].safeParse(args);
      try {
        if (!parsed.success) throw badInput(`The call ${method} has wrong arguments: ${parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'all'}: ${message}`).join('; ')}.`, 'This is a fault in the window. Reload it, and report the message above if it happens again.');
        return { ok: true, value: await (handlers[method] as (args: unknown) => unknown)(parsed.data) };
      } catch (error) {
        return { ok: false, problem: problemFrom(error) };
      }
    },
  };
}
