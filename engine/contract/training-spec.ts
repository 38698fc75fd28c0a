/** @file What one training is: data, model, sampling, loss, optimiser, stopping rule. Complete once parsed: defaults are filled in. */
import { z } from 'zod';
import { modelSpec } from './model-spec';

export const trainingSpec = z.strictObject({
  schemaVersion: z.literal(1).default(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a run name is lower-case letters, digits and hyphens'),
  seed: z.int().min(0).max(2 ** 31 - 1).default(0),
  model: modelSpec,
  data: z.strictObject({
    /** Folder with dataset.json (Medical Segmentation Decathlon), relative to the spec file or the working folder. */
    dataset: z.string().min(1),
    /** Split file relative to the dataset folder; without one the cases are split by subject with the seed. */
    split: z.string().optional(),
    /** Only the first so many training cases, in the order of the split. */
    trainingCases: z.int().min(1).optional(),
  }),
  sampling: z
    .strictObject({
      /** `volume`: the whole case in its canvas. `patch`: a cube cut from it. */
      kind: z.enum(['volume', 'patch']).default('volume'),
      /** Side of a patch in voxels. */
      patchSize: z.int().min(8).max(256).default(48),
      /** Random margin of fill around the case, in voxels an axis in all, drawn uniformly from 0 to this. */
      marginVoxels: z.int().min(0).max(128).default(24),
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
    })
    .prefault({}),
  stopping: z
    .strictObject({
      /** One epoch is this many steps, or one pass through the training cases when absent. */
      stepsPerEpoch: z.int().min(1).optional(),
      maximumSteps: z.int().min(1).default(2000),
      /** Epochs without a better validation Dice before training stops. */
      patienceEpochs: z.int().min(1).default(25),
    })
    .prefault({}),
}).superRefine(({ model: { outputs }, lossOptions: { classWeights, ignoreLabel } }, context) => {
  const say = (field: string, message: string) => context.addIssue({ code: 'custom', path: ['lossOptions', field], message });
  if (classWeights && classWeights.length !== outputs) say('classWeights', `there are ${classWeights.length} weights for ${outputs} outputs`);
  if (ignoreLabel !== undefined && ignoreLabel < outputs) say('ignoreLabel', `${ignoreLabel} is one of the ${outputs} classes; the label to ignore is none of them`);
});
export type TrainingSpec = z.infer<typeof trainingSpec>;
