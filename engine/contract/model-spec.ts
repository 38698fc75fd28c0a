/** @file What a network is, as plain data: enough to build it again. The same files serve the command line and the window. */
import { z } from 'zod';

const shared = {
  schemaVersion: z.literal(1).default(1),
  /** Number of input images (contrasts); all scalar. */
  inputs: z.int().min(1).max(16).default(1),
  /** Number of output channels: classes with background. */
  outputs: z.int().min(2).max(256),
  /** Number of halvings; the network works on sizes divisible by 2^poolings. */
  poolings: z.int().min(0).max(5),
  /** Kernel diameter in voxels. */
  kernelSize: z.union([z.literal(3), z.literal(5)]),
  /** Where a volume that is not divisible gets its fill: see the design, section 7. */
  padding: z.literal('centred').default('centred'),
};

/** The steerable U-Net of Diaz, Geiger and McKinley (MELBA 2024:010, section 2): two blocks a level, irreps double at each pooling. */
export const steerableUnetSpec = z.strictObject({
  architecture: z.literal('steerable-unet'),
  ...shared,
  /** Irreps of the highest level, degrees 0 to 2, even parity: `8x0e+4x1e+2x2e` in the paper. */
  irreps: z.string().regex(/^\d+x[012]e(\+\d+x[012]e)*$/, 'irreps look like 8x0e+4x1e+2x2e: multiplicity, x, degree 0 to 2, e'),
  /** Number of radial basis functions. */
  radialFunctions: z.int().min(1).max(16).default(5),
  /** True: radial functions confined to the kernel's radius, as the paper's text says; false: as the authors' code does. */
  cutoff: z.boolean().default(true),
});

/** The ordinary U-Net the paper compares with: the same frame, ordinary convolutions, leaky ReLU. */
export const ordinaryUnetSpec = z.strictObject({
  architecture: z.literal('unet'),
  ...shared,
  /** Channels of the highest level; they double at each pooling. */
  features: z.int().min(1).max(512),
});

export const modelSpec = z.discriminatedUnion('architecture', [steerableUnetSpec, ordinaryUnetSpec]);
export type SteerableUnetSpec = z.infer<typeof steerableUnetSpec>;
export type OrdinaryUnetSpec = z.infer<typeof ordinaryUnetSpec>;
export type ModelSpec = z.infer<typeof modelSpec>;

/** A voxel size a network accepts along each axis: a multiple of this. */
export const sizeMultiple = (spec: ModelSpec): number => 2 ** spec.poolings;
