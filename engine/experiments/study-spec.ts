/** @file A study as data: which trainings, how often, how they are evaluated, and what the figure's x axis is. Complete once parsed; what a study file holds. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { trainingSpec, type TrainingSpec } from '../contract/training-spec';
import { parts } from '../data/split';
import { protocols } from '../evaluation/protocols';

export const longestSeries = 60;

/** One training of a study, apart from seed and learning rate, which the study sets. */
const studyArm = z.strictObject({
  /** Its name in tables and legends; arms of one series make one line. */
  series: z.string().min(1).max(longestSeries),
  /** Where it lies on the x axis, unless that is the angle. */
  x: z.union([z.string(), z.number()]).optional(),
  spec: trainingSpec,
  /** A run that is there already: name of its folder and SHA-256 of its best weights. Nothing is trained then. */
  trained: z.strictObject({ run: z.string(), weights: z.string() }).optional(),
});
export type StudyArm = z.infer<typeof studyArm>;

export const studySpec = z.strictObject({
  schemaVersion: z.literal(1).default(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a study name is lower-case letters, digits and hyphens'),
  question: z.string().min(1),
  /** Where the paper asks it. */
  paper: z.string().optional(),
  /** What the figure has along x. `cost` measures time and memory of training instead of Dice. */
  figure: z.enum(['angle', 'model', 'training-cases', 'parameters', 'cost']),
  /** Part of the split that is evaluated; hyper-parameters are chosen on validation. */
  part: z.enum(parts).default('test'),
  /** Turned poses beside upright. */
  protocols: z.array(z.enum(protocols)).default([]),
  /** Angles of the protocol planes. */
  degrees: z.array(z.number()).default([]),
  seeds: z.array(z.int().min(0)).min(1).default([0]),
  /** The first is that of all arms alike; with more, each arm's best on validation is shown too. */
  learningRates: z.array(z.number().positive()).min(1).default([5e-3]),
  /** A training stops after the epoch in which so many minutes have passed. */
  minutesPerRun: z.number().positive().optional(),
  /** What bands and bars show: standard error or standard deviation over cases, or standard deviation over seeds. */
  spread: z.enum(['SE', 'SD', 'seeds']).default('SE'),
  arms: z.array(studyArm).min(1),
}).superRefine(({ figure, arms }, context) => {
  for (const [i, { x, spec }] of arms.entries()) if (figure === 'training-cases' && !(Number(x ?? spec.data.trainingCases) > 0)) context.addIssue({ code: 'custom', path: ['arms', i, 'x'], message: 'it is no number of training cases' });
});
export type StudySpec = z.infer<typeof studySpec>;

/** One training of a study, complete. */
export interface PlannedRun {
  readonly arm: StudyArm;
  readonly seed: number;
  readonly learningRate: number;
  /** Named by its content. */
  readonly spec: TrainingSpec;
}

/** Every training of a study; a run that is there already has no seeds and no rates to try. */
export function plannedRuns({ arms, seeds, learningRates, minutesPerRun }: StudySpec): PlannedRun[] {
  return arms.flatMap((arm) =>
    arm.trained
      ? [{ arm, seed: arm.spec.seed, learningRate: arm.spec.optimiser.learningRate, spec: arm.spec }]
      : learningRates.flatMap((learningRate) => seeds.map((seed) => ({ arm, seed, learningRate, spec: namedByContent({ ...arm.spec, seed, optimiser: { ...arm.spec.optimiser, learningRate } }, minutesPerRun) }))),
  );
}

/** The data set by its name: where it lies is nobody's business, and no part of what is trained. */
export const withoutPlace = (spec: TrainingSpec): TrainingSpec => ({ ...spec, data: { ...spec.data, dataset: basename(spec.data.dataset) } });

/** A key of everything a training depends on: its spec but for the name, and when it is stopped: a study without that limit would train the same run on. */
export const specKey = ({ name: _, ...spec }: TrainingSpec, minutesPerRun?: number): string => {
  const content = minutesPerRun === undefined ? spec : { ...spec, minutesPerRun };
  return createHash('sha256').update(JSON.stringify(sorted(content))).digest('hex').slice(0, 16);
};

/** Two studies that train the same share the run, whatever they call it. */
export const namedByContent = (spec: TrainingSpec, minutesPerRun?: number): TrainingSpec => ({ ...spec, name: `${spec.model.architecture}-${specKey(spec, minutesPerRun)}` });

/** Fields in alphabetical order, however they were written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

/** Where two values differ, field by field: `optimiser.learningRate: 0.005 before, 0.001 now`. */
export function differences(before: unknown, now: unknown, path = ''): string[] {
  if (typeof before === 'object' && typeof now === 'object' && before !== null && now !== null) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return keys.flatMap((key) => differences((before as Record<string, unknown>)[key], (now as Record<string, unknown>)[key], path ? `${path}.${key}` : key));
  }
  return before === now ? [] : [`${path}: ${shown(before)} before, ${shown(now)} now`];
}
const shown = (value: unknown): string => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').slice(0, 80));
