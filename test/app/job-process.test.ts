import { existsSync, readFileSync } from 'node:fs';
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

it('a job that is stopped keeps its best epoch, and the time it was paused does not count', async () => {
  const dataset = temporaryFolder(tinyDataset());
  const spec = trainingSpec.parse({ ...tinySpec, stopping: { stepsPerEpoch: 5, maximumSteps: 1_000_000, patienceEpochs: 1_000_000 } });
  let wallSeconds = 0;
  let epochs = 0;
  const job = startTrainingJob({ spec, datasetFolder: dataset, runFolder: join(dataset, 'run'), resume: false, threads: 1 }, (progress) => {
    wallSeconds = progress.wallSeconds;
    if (progress.validationDice !== null) epochs++;
  }, join(root, 'dist', 'engine', 'job-process.js'));
  onTestFinished(() => job.cancel());
  await expect.poll(() => epochs).toBeGreaterThan(0);
  job.pause();
  for (let before = -1; before !== wallSeconds; await sleep(500)) before = wallSeconds;
  const paused = { at: performance.now(), wallSeconds };
  await sleep(3000);
  job.resume();
  await expect.poll(() => wallSeconds).toBeGreaterThan(paused.wallSeconds);
  expect(wallSeconds - paused.wallSeconds).toBeLessThan((performance.now() - paused.at) / 1000 - 2.9);
  job.stop();
  const record = await job.finished;
  expect(record).toMatchObject({ status: 'stopped' });
  expect(record.bestEpoch).not.toBeNull();
  expect(existsSync(join(dataset, 'run', 'best.safetensors'))).toBe(true);
});
