/** @file What one training is: data, model, sampling, loss, optimiser, stopping rule. Complete once parsed: defaults are filled in. */
import { z } from 'zod';
import { modelSpec } from './model-spec';

/** Side of a patch in voxels. */
export const smallestPatch = 8;

export const trainingSpec = z.strictObject({
  schemaVersion: z.literal(1).default(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a run name is lower-case letters, digits and hyphens'),
  seed: z.int().min(0).max(2 ** 31 - 1).default(0),
  model: modelSpec,
  data: z.strictObject({
    /** Folder of a data set in any layout that is read, relative to the spec file or the working folder. */
    dataset: z.string().min(1),
    /** Split file relative to the dataset folder; without one the cases are split by subject with the seed. */
    split: z.string().optional(),
    /** Instead of a split file's lists: draws exactly so many subjects for each part with the seed; of more subjects the rest is left out. */
    splitSizes: z.strictObject({ train: z.int().min(1), validation: z.int().min(1), test: z.int().min(0) }).optional(),
    /** Only the first so many training cases, in the order of the split. */
    trainingCases: z.int().min(1).optional(),
    /** Leaves out cases that cannot be read, and says which, instead of refusing the data set. */
    skipBroken: z.boolean().default(false),
  }),
  sampling: z
    .strictObject({
      /** `volume`: the whole case in its canvas. `patch`: a cube cut from it. */
      kind: z.enum(['volume', 'patch']).default('volume'),
      /** Side of a patch in voxels, rounded up to what the network takes; along an axis where the canvas is thinner, the canvas's extent. Larger than a case along all three axes it is refused. */
      patchSize: z.int().min(smallestPatch).max(256).default(48),
      /** Share of the patches that are centred on a labelled voxel, as near as the canvas's border allows: a structure drawn from those the case has, then one of its voxels. The others lie anywhere. */
      foregroundShare: z.number().min(0).max(1).default(0.5),
      /** Random margin of fill around the case, in voxels an axis in all, drawn uniformly from 0 to this. */
      marginVoxels: z.int().min(0).max(128).default(24),
    })
    .prefault({}),
  /** What changes a sample besides its place in the canvas; drawn anew for each, from seed and step. All off by default. */
  augmentation: z
    .strictObject({
      /**
       * Each sample turns about the x, y or z axis, drawn at random, by an angle drawn uniformly from plus or minus so many degrees: cubic b-spline for images, one-hot linear and argmax for labels,
       * as evaluation turns. 0: none; 20 and 180 (the full circle) are the paper's.
       */
      rotationDegrees: z.number().min(0).max(180).default(0),
      /** Mirrors each axis with probability 1/2; not for labels that tell left from right. */
      mirror: z.boolean().default(false),
      /** Noise, brightness, contrast and gamma in nnU-Net's ranges (engine/data/augment.ts). */
      intensity: z.boolean().default(false),
    })
    .prefault({}),
  /** `dice` is soft Dice over all classes but background. */
  loss: z.enum(['cross-entropy', 'dice', 'cross-entropy+dice']).default('cross-entropy+dice'),
  lossOptions: z
    .strictObject({
      /** One weight for each output, background first: of its voxels in the mean of the cross-entropy (as PyTorch weighs), of its Dice in the mean of Dice. */
      classWeights: z.array(z.number().positive()).min(1).optional(),
      /** Voxels with this label, which is no class, count in neither part and not in the validation Dice. */
      ignoreLabel: z.int().min(1).max(255).optional(),
    })
    .prefault({}),
  optimiser: z
    .strictObject({
      kind: z.literal('adam').default('adam'),
      learningRate: z.number().positive().default(5e-3),
      /** `polynomial`: falls to 0 at the step ceiling as (1 - step / maximumSteps)^0.9, nnU-Net's rule. */
      schedule: z.enum(['constant', 'polynomial']).default('constant'),
      /** Decay of an exponential moving average of the weights over steps, as 0.99; validation and the best weights are then the average's. Without it they are those of the last step. */
      weightAverage: z.number().gt(0).lt(1).optional(),
    })
    .prefault({}),
  stopping: z
    .strictObject({
      /** One epoch is this many steps, or one pass through the training cases when absent. */
      stepsPerEpoch: z.int().min(1).optional(),
      maximumSteps: z.int().min(1).default(2000),
      /** What decides which epoch is the best: the mean validation Dice (larger is better) or the validation loss (smaller is). Both are measured each epoch. */
      monitor: z.enum(['validation-dice', 'validation-loss']).default('validation-dice'),
      /** Epochs without a better value of the monitor before training stops. */
      patienceEpochs: z.int().min(1).default(25),
    })
    .prefault({}),
}).superRefine(({ model: { outputs }, lossOptions: { classWeights, ignoreLabel }, data: { split, splitSizes } }, context) => {
  const say = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (classWeights && classWeights.length !== outputs) say(['lossOptions', 'classWeights'], `there are ${classWeights.length} weights for ${outputs} outputs`);
  if (ignoreLabel !== undefined && ignoreLabel < outputs) say(['lossOptions', 'ignoreLabel'], `${ignoreLabel} is one of the ${outputs} classes; the label to ignore is none of them`);
  if (split !== undefined && splitSizes) say(['data', 'splitSizes'], 'the split is listed in a file or drawn with these sizes, not both');
});
export type TrainingSpec = z.infer<typeof trainingSpec>;

/** The complete spec a run has stored: a field it lacks is as training worked before there was the field, which for `foregroundShare` is not the default. */
export const storedTrainingSpec = z.preprocess((stored) => {
  const sampling = z.looseObject({ sampling: z.looseObject({}) }).safeParse(stored).data?.sampling;
  return sampling ? { ...(stored as object), sampling: { foregroundShare: 0, ...sampling } } : stored;
}, trainingSpec);
