/** @file Job processes that wait while the window waits: paused at their next operator from the first live request until none is pending. */
import type { TrainingJob } from './training-job';

export interface YieldingJobs {
  /** Until it has finished; one that comes while a live request is pending waits at once. */
  add(job: TrainingJob): void;
  /** Whether a live request is pending. */
  yield(isLivePending: boolean): void;
}

export function createYieldingJobs(): YieldingJobs {
  const jobs = new Set<TrainingJob>();
  let isPaused = false;
  return {
    add(job) {
      jobs.add(job);
      if (isPaused) job.pause();
      const remove = (): void => void jobs.delete(job);
      job.finished.then(remove, remove);
    },
    yield(isLivePending) {
      isPaused = isLivePending;
      for (const job of jobs) job[isPaused ? 'pause' : 'resume']();
    },
  };
}
