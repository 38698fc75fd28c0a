/** @file study.json: what a study asked, what it ran and what came out; everything its figure, table and report show. */
import { z } from 'zod';
import { figure } from './figure';
import { studySpec } from './study-spec';

const interval = z.strictObject({ low: z.number(), high: z.number(), percent: z.number(), subjects: z.int() });
const cell = z.union([z.string(), z.number(), z.null()]);

export const table = z.strictObject({ columns: z.array(z.string()), rows: z.array(z.record(z.string(), cell)) });
export type Table = z.infer<typeof table>;

const comparison = z.strictObject({
  /** What is compared: a protocol's mean Dice, or its loss against upright. */
  measure: z.string(),
  first: z.string(),
  second: z.string(),
  /** First minus second, over the cases both have. */
  mean: z.number().nullable(),
  sd: z.number(),
  /** Cases. */
  n: z.int(),
  interval: interval.nullable(),
  wilcoxon: z.strictObject({ statistic: z.number(), p: z.number(), n: z.int(), exact: z.boolean() }).nullable(),
  /** The mean of each seed that both have, where these are several; the fields above are of each case's mean over seeds. */
  seeds: z.array(z.strictObject({ seed: z.int(), mean: z.number().nullable() })).optional(),
});
export type Comparison = z.infer<typeof comparison>;

const studyRun = z.strictObject({
  series: z.string(),
  x: z.union([z.string(), z.number()]).optional(),
  seed: z.int(),
  learningRate: z.number(),
  /** Name of its folder in the run store. */
  run: z.string(),
  status: z.enum(['waiting', 'done', 'stopped', 'failed']),
  problem: z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
  parameters: z.strictObject({ stored: z.int(), live: z.int() }).optional(),
  steps: z.int().optional(),
  epochs: z.int().optional(),
  bestValidationDice: z.number().nullable().optional(),
  wallSeconds: z.number().optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** Of the best weights. */
  weights: z.string().optional(),
});
export type StudyRun = z.infer<typeof studyRun>;

export const studyResults = z.strictObject({
  figure,
  table,
  comparisons: z.array(comparison),
  /** What can be said, in sentences. */
  findings: z.array(z.string()),
});
export type StudyResults = z.infer<typeof studyResults>;

export const studyRecord = z.strictObject({
  schemaVersion: z.literal(1),
  status: z.enum(['running', 'done', 'stopped', 'failed']),
  /** Of Gyra. */
  version: z.string(),
  spec: studySpec,
  dataset: z.string(),
  /** On a phantom, with sizes for a quick look. */
  quick: z.boolean().default(false),
  runs: z.array(studyRun),
  results: studyResults.optional(),
});
export type StudyRecord = z.infer<typeof studyRecord>;
