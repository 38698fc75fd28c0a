/** @file What a study runs on here: trainings in processes of their own, one after the other, and evaluation in this one. */
import { basename } from 'node:path';
import packageJson from '../../package.json';
import type { BackendName } from '../backends/choose';
import { cancelled } from '../contract/problem';
import { openDataset } from '../data/dataset';
import type { StudyHost } from '../experiments/run-study';
import { loadNetwork } from '../training/weights-file';
import { startChosenBackend } from './backend-option';
import { casesNamed, evaluateCases } from './evaluate-cases';
import { patchShape, planStep } from './plan-step';
import { progressLine } from './progress-line';
import { startTrainingJob, type TrainingJob } from './training-job';

export interface StudyHostOptions {
  readonly datasetFolder: string;
  readonly minutesPerRun?: number;
  readonly threads?: number;
  readonly backend: BackendName;
}

/** `stop` ends what runs, and the study with code `cancelled`. */
export function studyHost({ datasetFolder, minutesPerRun, threads, backend }: StudyHostOptions): { host: StudyHost; stop(): void } {
  let job: TrainingJob | undefined;
  let isStopped = false;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const host: StudyHost = {
    version: packageJson.version,
    say,
    async train(spec, runFolder, what) {
      if (isStopped) throw cancelled();
      say(`Training ${what}`);
      job = startTrainingJob({ spec, datasetFolder, runFolder, resume: true, timeLimitMinutes: minutesPerRun, threads, backend }, ({ epoch, step, maximumSteps, validationDice, wallSeconds }) => {
        if (validationDice !== null) say(`  epoch ${epoch + 1}, step ${step} of at most ${maximumSteps}, validation Dice ${validationDice.toFixed(3)}, ${(wallSeconds / 60).toFixed(1)} min`);
      });
      try {
        return await job.finished;
      } finally {
        job = undefined;
      }
    },
    async evaluate(runFolder, cases, { protocols, degrees }, what) {
      if (isStopped) throw cancelled();
      const started = await startChosenBackend(backend, { threads });
      try {
        const loaded = await loadNetwork(runFolder);
        try {
          const dataset = await openDataset(datasetFolder, { skipBroken: loaded.record?.spec.data.skipBroken });
          return await evaluateCases(loaded, dataset, casesNamed(dataset, cases), { name: basename(runFolder), protocols, degrees, onProgress: progressLine(`Evaluating ${what}: poses`), isCancelled: () => isStopped });
        } finally {
          loaded.network.dispose();
        }
      } finally {
        await started.dispose();
      }
    },
    async planMemory({ model, sampling }) {
      return (await planStep(model, patchShape(model, sampling.patchSize), threads))?.highWaterBytes ?? null;
    },
  };
  return {
    host,
    stop() {
      isStopped = true;
      job?.cancel();
    },
  };
}
