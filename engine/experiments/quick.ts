/** @file Every study on phantoms, small enough for minutes on two cores: what `--quick` runs. The sizes are chosen for time, not for Dice. */
import { phantomSettings } from '../contract/phantom-settings';
import { trainingSpec, type TrainingSpec } from '../contract/training-spec';
import type { PhantomDataset } from '../data/phantom/write-phantom-dataset';
import { irrepsOf, type StudyName, type StudyOptions } from './studies';
import type { StudySpec } from './study-spec';

/**
 * Heads of 32^3 voxels of 6 mm: the smallest in which each of the seven structures still has voxels of its own. Upright with 4 degrees of jitter, as scanners see heads, so that a
 * network trained on them knows no other pose. 30 heads: 18 train, 6 validate, 6 test, so that an interval has subjects to resample.
 */
export const quickPhantoms: PhantomDataset = { kind: 'brain', cases: 30, seed: 0, settings: phantomSettings.parse({ size: [32, 32, 32] }) };

const width = '2x0e+1x1e+1x2e';

/**
 * Width 10, a third of the paper's, two poolings, 5^3 kernels; whole heads without margins; 10 steps an epoch. Steps are what each study can afford: its runs share ten minutes, evaluation included,
 * and an ordinary network of width 10 takes about 0.2 s a step of this size, alone on two cores.
 */
const base: TrainingSpec = trainingSpec.parse({
  name: 'quick',
  model: { architecture: 'steerable-unet', irreps: width, inputs: 1, outputs: 8, poolings: 2, kernelSize: 5, radialFunctions: 3 },
  data: { dataset: 'phantoms', split: 'split.json' },
  sampling: { kind: 'volume', marginVoxels: 0 },
  optimiser: { learningRate: 5e-3, schedule: 'polynomial' },
  stopping: { stepsPerEpoch: 20, maximumSteps: 200, patienceEpochs: 25 },
});

/** Steps of one training, by study. */
const maximumSteps: Readonly<Record<StudyName, number>> = {
  rotation: 200, // 5 runs
  models: 200,
  'irreps-ratio': 300, // 4 steerable runs
  'set-size': 120, // 9 runs
  parameters: 80, // 15 runs
  cost: 12, // 4 runs of 3 epochs
};

export function quickOptions(name: StudyName): StudyOptions {
  const steps = maximumSteps[name];
  const stopping = { ...base.stopping, maximumSteps: steps, ...(name === 'cost' ? { stepsPerEpoch: 4 } : {}) };
  return {
    base: { ...base, stopping, sampling: { ...base.sampling, patchSize: 32 } },
    trainingCases: 18,
    // at about one width: 10, 10, 8 and 9 channels
    irreps: name === 'irreps-ratio' ? [width, '10x0e', '2x0e+2x1e', '1x0e+1x1e+1x2e'] : name === 'parameters' ? ['1:1:0', '1:1:1', '2:1:1'].map(irrepsOf) : undefined,
    sizes: [2, 6, 18],
    degrees: [0, 20, 45, 90, 180],
  };
}

/** What a quick look leaves out: right angles, which the planes hold at 90 and 180 degrees. */
export const quickened = (study: StudySpec): StudySpec => ({ ...study, protocols: study.protocols.filter((protocol) => protocol !== 'right-angles') });
