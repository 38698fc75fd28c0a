/** @file Where runs that a study compares were trained otherwise, beside model and augmentation: given ones may be, and then it is said. */
import { differences } from '../training/differences';
import type { FinishedRun } from './dice-results';
import { withoutPlace, type StudySpec } from './study-spec';

/** A sentence for each arm that was trained otherwise than the first, at the learning rate of all. */
export function unlikeTrainings({ arms, figure, learningRates }: StudySpec, finished: readonly FinishedRun[]): string[] {
  const [first, ...others] = arms.flatMap((arm) => {
    const runs = finished.filter(({ run }) => run.arm === arm && (arm.trained || run.learningRate === learningRates[0]));
    return runs.length > 0 ? [{ series: arm.series, runs }] : [];
  });
  // sizes of the training set are what that figure compares
  const parts = figure === 'training-cases' ? (['validation'] as const) : (['train', 'validation'] as const);
  return others.flatMap(({ series, runs }) => {
    const fields = differences(conditionsOf(first!.runs, figure), conditionsOf(runs, figure)).map(({ field, before, now }) => `${field} ${before} and ${now}`);
    const cases = parts.flatMap((part) => otherCases(first!.runs[0]!, runs[0]!, part));
    return fields.length + cases.length > 0 ? [`${first!.series} and ${series} differ in more than model and augmentation: ${[...fields, ...cases].join('; ')}.`] : [];
  });
}

/** What compared trainings should share. */
function conditionsOf(runs: readonly FinishedRun[], figure: StudySpec['figure']) {
  const { data: { trainingCases, ...data }, sampling: { kind, marginVoxels, ...patches }, loss, lossOptions, optimiser, stopping } = withoutPlace(runs[0]!.record.spec);
  return {
    seeds: [...new Set(runs.map(({ record }) => record.spec.seed))].sort((a, b) => a - b),
    data: figure === 'training-cases' ? data : { ...data, trainingCases },
    sampling: { kind, marginVoxels, ...(kind === 'patch' ? patches : {}) },
    loss, lossOptions, optimiser, stopping,
  };
}

function otherCases(first: FinishedRun, second: FinishedRun, part: 'train' | 'validation'): string[] {
  const [one, other] = [first, second].map(({ record }) => new Set(record.data.filter((listed) => listed.part === part).map(({ case: id, image, label }) => `${id} ${image} ${label}`))) as [Set<string>, Set<string>];
  const shared = [...one].filter((key) => other.has(key)).length;
  return shared === one.size && shared === other.size ? [] : [`${part} cases: ${one.size} and ${other.size}, of which ${shared} are the same`];
}
