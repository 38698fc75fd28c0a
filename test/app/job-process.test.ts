import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { trainingSpec } from '../../engine/contract/training-spec';
import { startTrainingJob } from '../../engine/host/training-job';
import { createYieldingJobs } from '../../engine/host/yielding-jobs';
import { temporaryFolder } from '../support/temporary-folder';
import { tinyDataset, tinySpec } from '../support/tiny-dataset';
import { descendantRunning, nicenessOfThreads, root } from '../support/workbench';

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

it('a job waits while a live request is pending, goes on afterwards, and ends at once when it is cancelled while it waits', async () => {
  const dataset = temporaryFolder(tinyDataset());
  // More steps than anybody waits for: only a pause makes it quiet.
  const spec = trainingSpec.parse({ ...tinySpec, stopping: { stepsPerEpoch: 1000, maximumSteps: 1_000_000, patienceEpochs: 10 } });
  let steps = 0;
  const job = startTrainingJob({ spec, datasetFolder: dataset, runFolder: join(dataset, 'run'), resume: false, threads: 2 }, ({ step }) => (steps = step), join(root, 'dist', 'engine', 'job-process.js'));
  onTestFinished(() => job.cancel());
  const ended = job.finished.then(() => 'done', (error: { code: string }) => error.code);
  const jobs = createYieldingJobs();
  jobs.add(job);
  await expect.poll(() => steps).toBeGreaterThan(2);

  // Message thread, compute worker and its helper.
  if (process.platform === 'linux') expect(nicenessOfThreads(descendantRunning('job-process.js', process.pid)!).filter((nice) => nice === 10).length).toBeGreaterThanOrEqual(3);

  jobs.yield(true);
  // What was on its way when the request came arrives first.
  for (let before = -1; before !== steps; await sleep(500)) before = steps;
  const paused = steps;
  await sleep(1000);
  expect(steps).toBe(paused);

  jobs.yield(false);
  await expect.poll(() => steps).toBeGreaterThan(paused);

  jobs.yield(true);
  await sleep(200);
  job.cancel();
  expect(await ended).toBe('cancelled');
  expect(JSON.parse(readFileSync(join(dataset, 'run', 'run.json'), 'utf8'))).toMatchObject({ status: 'stopped' });
});
