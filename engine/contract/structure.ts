/** @file What is segmented: a label of its own, or a region that is the union of several. Networks predict exclusive labels; regions are made of them afterwards. */
import { z } from 'zod';

export const structure = z.strictObject({
  /** Label value, from 1; of a region the label that belongs to it and to no smaller region. */
  value: z.int(),
  name: z.string(),
  /** The labels a region is the union of. */
  values: z.array(z.int()).optional(),
});
export type Structure = z.infer<typeof structure>;

export const labelsIn = ({ value, values }: Structure): readonly number[] => values ?? [value];

/** Outputs of a network that tells the structures apart: their labels, and background. */
export const classCount = (structures: readonly Structure[]): number => Math.max(0, ...structures.flatMap(labelsIn)) + 1;
