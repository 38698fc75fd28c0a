/** @file What a run leaves behind: everything needed to repeat it and to say what it achieved. */
import { z } from 'zod';
import { structure } from './structure';
import { storedTrainingSpec } from './training-spec';

const curvePoint = z.strictObject({ plane: z.enum(['sagittal', 'coronal', 'axial']), degrees: z.number(), mean: z.number(), sd: z.number(), n: z.int() });

export const runRecord = z.strictObject({
  schemaVersion: z.literal(1),
  status: z.enum(['running', 'done', 'stopped', 'failed']),
  spec: storedTrainingSpec,
  parameters: z.int(),
  structures: z.array(structure),
  /** Names and SHA-256 of images and labels; names of cases are the data set's, never a person's. */
  data: z.array(z.strictObject({ case: z.string(), part: z.enum(['train', 'validation']), image: z.string(), label: z.string() })),
  /** Cases left out because they cannot be read, where the spec says so, and why. */
  skipped: z.array(z.strictObject({ case: z.string(), reason: z.string() })).optional(),
  environment: z.strictObject({ version: z.string(), backend: z.string(), kernelVariant: z.string(), threads: z.int(), node: z.string(), machine: z.string() }),
  steps: z.int(),
  epochs: z.int(),
  bestEpoch: z.int().nullable(),
  /** Of the best epoch, by the monitor of the spec. */
  bestValidationDice: z.number().nullable(),
  bestValidationLoss: z.number().nullable().optional(),
  /** Seconds spent training, over all resumed parts; time it was paused does not count. */
  wallSeconds: z.number(),
  /** Which test set an evaluation was made on, and its Dice over angle; added by `gyra evaluate --record`. */
  evaluation: z.strictObject({ dataset: z.string(), split: z.string(), upright: z.strictObject({ mean: z.number(), sd: z.number(), n: z.int() }), curve: z.array(curvePoint) }).optional(),
});
export type RunRecord = z.infer<typeof runRecord>;
