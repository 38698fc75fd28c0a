/** @file What phantoms are made: which kind, how they were scanned, in which pose. */
import { z } from 'zod';

/** `brain`: one image of a head, seven structures. `tumour`: four contrasts of a brain without skull, three nested regions. */
export const phantomKinds = ['brain', 'tumour'] as const;
export type PhantomKind = (typeof phantomKinds)[number];

const triple = <T extends z.ZodType<number>>(one: T) => z.tuple([one, one, one]);

export const phantomSettings = z.strictObject({
  /** Voxels along x, y, z. */
  size: triple(z.int().min(16).max(384)).default([64, 64, 64]),
  /** Voxel size in mm along x, y, z; without it the voxels share out a field of view that holds the whole head in any pose. */
  spacingMm: triple(z.number().min(0.3).max(20)).optional(),
  /** `rician`, as magnitude images have it, or `gaussian`; white matter is 1. */
  noise: z.strictObject({ kind: z.enum(['rician', 'gaussian']).default('rician'), deviation: z.number().min(0).max(1).default(0.03) }).prefault({}),
  /** Largest logarithm of the smooth factor that the scanner multiplies the image by: 0.2 is about 20 % brighter or darker. */
  biasField: z.number().min(0).max(1).default(0.15),
  /** Standard deviation from case to case of the logarithm of each material's intensity. */
  contrastVariation: z.number().min(0).max(0.5).default(0.03),
  /** `upright`: with a few degrees of jitter. `random`: any rotation, all equally likely. */
  pose: z.enum(['upright', 'random']).default('upright'),
  /** Standard deviation of the angle of an upright head, about any axis. */
  jitterDegrees: z.number().min(0).max(45).default(4),
});
export type PhantomSettings = z.infer<typeof phantomSettings>;
