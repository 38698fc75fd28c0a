/** @file What a network is, as plain data: enough to build it again. The same files serve the command line and the window. */
import { z } from 'zod';

const shared = {
  schemaVersion: z.literal(1).default(1),
  /** Number of input channels: images (contrasts), unless `inputIrreps` says otherwise. */
  inputs: z.int().min(1).max(16).default(1),
  /** Number of poolings, 0 to 5. */
  poolings: z.int().min(0).max(5),
};
/** Features, or copies in an entry of irreps, at the highest level. */
const mostFeatures = 512;
const irreps = z
  .string()
  .regex(/^\d+x[0-3][eo](\+\d+x[0-3][eo])*$/, 'irreps look like 8x0e+4x1e+2x2e: multiplicity, x, degree 0 to 3, e for even or o for odd')
  .refine((text) => text.split('+').every((entry) => Number.parseInt(entry, 10) <= mostFeatures), `a multiplicity is at most ${mostFeatures}`);
const triple = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);
const oddKernel = z.union([z.literal(3), z.literal(5)], 'a kernel is 3 or 5 voxels wide');

/**
 * The steerable U-Net of Diaz, Geiger and McKinley (MELBA 2024:010, section 2): two convolutions a level, irreps double at each pooling. With these fields every
 * network of e3nn_Unet's `equivariant_unet_physical_units` can be written down.
 */
export const steerableUnetSpec = z.strictObject({
  architecture: z.literal('steerable-unet'),
  ...shared,
  /** Irreps of the input where it is more than scalar images: `1x0e+1x1e`. They have `inputs` channels. */
  inputIrreps: irreps.optional(),
  /** Number of output channels: classes with background, or the channels of `outputIrreps`. */
  outputs: z.int().min(1).max(256),
  /** Irreps of the output where it is more than class scores: `1x1e` is a vector field. Even scalars come first. */
  outputIrreps: irreps.optional(),
  /** Irreps of the highest level: `8x0e+4x1e+2x2e` in the paper. Scalars first, each irrep once. */
  irreps,
  /** Irreps of the highest level on the way up where they are others: scalars alone there are e3nn_Unet's scalar upsampling (`8x0e` for `4x0e+2x1e+1x2e`). */
  upIrreps: irreps.optional(),
  /** `O3`: reflections too. Harmonics then have the parity of their degree, and irreps may be odd. */
  equivariance: z.enum(['SO3', 'O3']).default('SO3'),
  /** Highest degree of the kernels' harmonics (e3nn's lmax). */
  maximumDegree: z.int().min(0).max(3).default(2),
  /** Kernel diameter at the highest level, in the unit of `steps`; it doubles at each level. With the default steps it is in voxels. */
  kernelSize: z.number().positive().max(100),
  /** Size of a voxel along x, y and z: of the highest level, from which those below follow by pooling, or of every level in turn (e3nn_Unet's differ where `scale` is no multiple of a step). */
  steps: z.union([triple, z.array(triple).min(1)], 'steps are three numbers above 0, along x, y and z, or a list of such threes').default([1, 1, 1]),
  /** Pooling diameter at the highest level, in the unit of `steps`; it doubles at each level. As many voxels are joined along an axis as fit in it. */
  scale: z.number().positive().max(100).default(2),
  /** Number of radial basis functions. */
  radialFunctions: z.int().min(1).max(16).default(5),
  /** True: radial functions confined to the kernel's radius, as the paper's text says; false: as the authors' code does. */
  cutoff: z.boolean().default(true),
  normalisation: z
    .strictObject({
      /** `instance`: by the statistics of each image; `batch`: of the batch in training, running ones in evaluation. */
      kind: z.enum(['instance', 'batch', 'none']).default('instance'),
      /** A copy is divided by the root of its mean square component (the authors' code) or by its mean norm (the paper, section 2.3). */
      by: z.enum(['root-mean-square', 'mean-norm']).default('root-mean-square'),
    })
    .prefault({}),
  /**
   * `norm`: the largest value of even scalars, the copy of largest norm of all others. `signed-norm`: odd scalars by signed value, as e3nn_Unet does, which a
   * reflection breaks. `low-pass`: a Gaussian filter and every second voxel, and its transpose on the way up; all others go up trilinearly.
   */
  pooling: z.enum(['norm', 'signed-norm', 'average', 'low-pass']).default('norm'),
  /** Probability that a copy is dropped in training. */
  dropout: z.number().min(0).lt(1).default(0),
  /** Whether the output's even scalars have a bias. */
  bias: z.boolean().default(true),
  /** Where a volume whose size the network does not take gets its fill: evenly around it, or as zeros in front of each axis inside the network, as e3nn_Unet does. */
  padding: z.enum(['centred', 'front']).default('centred'),
});

/** The ordinary U-Net the paper compares with: the same frame, ordinary convolutions, leaky ReLU. */
export const ordinaryUnetSpec = z.strictObject({
  architecture: z.literal('unet'),
  ...shared,
  /** Number of output channels: classes with background. */
  outputs: z.int().min(2).max(256),
  /** Kernel diameter in voxels. */
  kernelSize: oddKernel,
  padding: z.literal('centred').default('centred'),
  /** Channels of the highest level; they double at each pooling. */
  features: z.int().min(1).max(mostFeatures),
});

/** Rotations that exchange the channels of a group CNN: Klein's four (identity, 180 degrees about x, y, z), or the 24 of the cube. */
export const rotationGroupName = z.enum(['klein', 'cube']);
export type RotationGroupName = z.infer<typeof rotationGroupName>;

/** The group CNN the paper compares with (MELBA 2024:010): the same frame, separable group convolutions, the largest value over the group at the end. */
export const groupUnetSpec = z.strictObject({
  architecture: z.literal('group-unet'),
  ...shared,
  /** Number of output channels: classes with background. */
  outputs: z.int().min(2).max(256),
  /** Kernel diameter in voxels. */
  kernelSize: oddKernel,
  padding: z.literal('centred').default('centred'),
  group: rotationGroupName.default('klein'),
  /** Channels of each group element at the highest level, 8 or 30 in the paper; they double at each pooling. */
  features: z.int().min(1).max(mostFeatures),
});

export const modelSpec = z.discriminatedUnion('architecture', [steerableUnetSpec, ordinaryUnetSpec, groupUnetSpec]);
export type SteerableUnetSpec = z.infer<typeof steerableUnetSpec>;
export type OrdinaryUnetSpec = z.infer<typeof ordinaryUnetSpec>;
export type GroupUnetSpec = z.infer<typeof groupUnetSpec>;
export type ModelSpec = z.infer<typeof modelSpec>;
