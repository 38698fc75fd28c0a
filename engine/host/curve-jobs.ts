/** @file Dice over angle as a background job: one pose of one model at a time, progress and points as events, cancelled at any moment. */
import type { Arguments, EngineEvents } from '../contract/engine-api';
import { GyraError, problemFrom, type Problem } from '../contract/problem';
import { planeRotation } from '../math/rotation';
import type { Compute } from './compute';
import type { Background } from './live-queue';

export type Tell = <E extends keyof EngineEvents>(event: E, payload: EngineEvents[E]) => void;

export interface CurveJobs extends Background {
  start(args: Arguments<'startCurve'>): { jobId: string };
  cancel(jobId: string): { cancelled: boolean };
}

interface Job {
  id: string;
  args: Arguments<'startCurve'>;
  /** Points still to do: all models at one angle, then the next angle, so that curves grow together. */
  points: { modelId: string; degrees: number }[];
  of: number;
  /** Time spent on finished points. */
  spentMs: number;
  state: EngineEvents['job']['state'];
}

export function createCurveJobs(compute: Pick<Compute, 'run' | 'cancel'>, tell: Tell, now: () => number = () => performance.now()): CurveJobs {
  const jobs: Job[] = [];
  let count = 0;
  let running: Job | null = null;

  function say(job: Job, state: Job['state'], problem?: Problem): void {
    job.state = state;
    const done = job.of - job.points.length;
    const secondsLeft = done === 0 ? null : (job.spentMs / done / 1000) * job.points.length;
    tell('job', { jobId: job.id, title: `Dice over angle, ${job.args.plane}`, state, progress: done / job.of, done, of: job.of, unit: 'segmentations', secondsLeft, ...(problem && { problem }) });
  }

  function end(job: Job, state: 'done' | 'cancelled' | 'failed', problem?: Problem): void {
    jobs.splice(jobs.indexOf(job), 1);
    say(job, state, problem);
  }

  async function computePoint(job: Job): Promise<void> {
    const { caseId, plane } = job.args;
    const [{ modelId, degrees }] = job.points;
    if (job.state !== 'running') say(job, 'running');
    running = job;
    const begunMs = now();
    try {
      const { meanDice, scores } = await compute.run('segment', { caseId, modelId, rotation: [...planeRotation(plane, degrees)] });
      if (!jobs.includes(job)) return;
      job.points.shift();
      job.spentMs += now() - begunMs;
      tell('curvePoint', { jobId: job.id, caseId, modelId, plane, degrees, meanDice, scores });
      if (job.points.length) say(job, 'running');
      else end(job, 'done');
    } catch (error) {
      if (!jobs.includes(job)) return;
      // Interrupted by a live request: the point stays first in the list.
      if (error instanceof GyraError && error.code === 'cancelled') say(job, 'paused');
      else end(job, 'failed', problemFrom(error));
    } finally {
      running = null;
    }
  }

  return {
    start(args) {
      const points = args.degrees.flatMap((degrees) => args.modelIds.map((modelId) => ({ modelId, degrees })));
      const job: Job = { id: `curve-${++count}`, args, points, of: points.length, spentMs: 0, state: 'queued' };
      jobs.push(job);
      say(job, 'queued');
      return { jobId: job.id };
    },
    cancel(jobId) {
      const job = jobs.find(({ id }) => id === jobId);
      if (!job) return { cancelled: false };
      end(job, 'cancelled');
      if (running === job) compute.cancel();
      return { cancelled: true };
    },
    next() {
      const [job] = jobs;
      return job && (() => computePoint(job));
    },
  };
}
