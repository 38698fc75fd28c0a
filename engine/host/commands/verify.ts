/** @file `gyra verify RUN`: repeats a run from its record and compares hashes. */
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { GyraError } from '../../contract/problem';
import { runRecord } from '../../contract/run-record';
import { readJson } from '../../data/file-access';
import { verifyRun, type Repeat, type Verification } from '../../experiments/verify-run';
import { backendNames, type BackendName } from '../../backends/choose';
import { parseCount } from '../option-parsers';
import { progressLine } from '../progress-line';
import { findDatasetFolder } from '../read-training-spec';
import { startTrainingJob, type TrainingJob } from '../training-job';

interface Options {
  dataset?: string;
  steps?: number;
  threads?: number;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('verify')
    .description('repeat a run from its record in a temporary folder, and compare hashes of data and weights')
    .argument('<run>', 'run folder')
    .option('--dataset <folder>', "data set (default: the record's, looked for from here and from beside the record)")
    .option('--steps <count>', 'repeat only the first so many steps, and compare their losses', parseCount)
    .option('--threads <count>', 'threads to compute with; they change no bit', parseCount)
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(runFolder: string, { dataset, steps, threads, json }: Options): Promise<void> {
  const file = join(runFolder, 'run.json');
  const { spec, environment, steps: trained } = await readJson(file, runRecord);
  const datasetFolder = await findDatasetFolder(dataset ?? spec.data.dataset, file);
  const backend: BackendName = backendNames.find((name) => name === environment.backend) ?? 'wasm';
  let job: TrainingJob | undefined;
  let isStopped = false;
  const progress = progressLine('Steps');
  const repeat: Repeat = async (repeated, folder, { oneEpoch, onStep }) => {
    let isEnough = false;
    job = startTrainingJob({ spec: repeated, datasetFolder, runFolder: folder, resume: true, threads, backend, ...(oneEpoch ? { timeLimitMinutes: Number.MIN_VALUE } : {}) }, (at) => {
      progress(at.step, steps ?? trained);
      if (onStep(at) !== 'cancel' || isEnough) return;
      isEnough = true;
      job?.cancel();
    });
    if (isStopped) job.cancel();
    return job.finished.catch((error: unknown) => {
      if (isEnough && error instanceof GyraError && error.code === 'cancelled') return 'cancelled' as const;
      throw error;
    });
  };
  const stop = (): void => {
    isStopped = true;
    job?.cancel();
  };
  // a second Ctrl-C does not wait
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const result = await verifyRun(runFolder, datasetFolder, repeat, steps);
    process.stdout.write(json ? `${JSON.stringify({ run: basename(runFolder), ...result })}\n` : printed(basename(runFolder), result));
    if (!result.isEqual) throw new GyraError('internal', `${basename(runFolder)} differs from its record: ${result.different[0]}.`, result.circumstances.length > 0 ? 'What else is different may explain it: other kernels and other versions round differently.' : 'Look at what was changed in its folder, in the data set or in the program since: other kernels round differently.');
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function printed(name: string, { isEqual, same, different, circumstances }: Verification): string {
  return [
    `${name} ${isEqual ? 'is what its record says.' : 'differs from its record.'}`,
    ...different.map((what) => `  differs  ${what}`),
    ...same.map((what) => `  same     ${what}`),
    ...circumstances.map((what) => `  ${isEqual ? 'although' : 'maybe because of'} ${what}`),
    '',
  ].join('\n');
}
