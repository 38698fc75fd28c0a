/** @file The paper's studies (MELBA 2024:010) as data, for any data set and any settings of the training that all arms share. */
import type { Shape } from '../contract/engine-api';
import { entriesOf, ratioOf } from '../contract/irreps-text';
import type { ModelSpec } from '../contract/model-spec';
import { acceptedSizes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { smallestPatch, type TrainingSpec } from '../contract/training-spec';
import { canvasFor } from '../data/canvas';
import { parameterCount } from '../model/cost';
import { studySpec, type StudyArm, type StudySpec } from './study-spec';

export const studyNames = ['rotation', 'irreps-ratio', 'set-size', 'parameters', 'models', 'cost'] as const;
export type StudyName = (typeof studyNames)[number];
export const isStudyName = (name: string): name is StudyName => studyNames.some((known) => known === name);

export interface StudyOptions {
  /** What all trainings share: data, sampling, loss, optimiser, stopping; its model gives inputs, outputs, poolings, kernel size and, where it is steerable, irreps. */
  readonly base: TrainingSpec;
  /** Training cases of the split. */
  readonly trainingCases: number;
  /** Irreps to compare (`irreps-ratio`), or widths (`parameters`). */
  readonly irreps?: readonly string[];
  /** Training-set sizes (`set-size`). */
  readonly sizes?: readonly number[];
  readonly degrees?: readonly number[];
  /** Sizes of the training cases, where the base leaves the side of patches to them (`cost`). */
  readonly shapes?: readonly Shape[];
}

/** Angles of the paper's figures and of docs/results.md. */
export const rotationDegrees: readonly number[] = [0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 150, 180];
const paperIrreps = '8x0e+4x1e+2x2e';
/** The paper's ratios, table 4: 30, 30, 32 and 36 channels. */
const paperRatios: readonly string[] = [paperIrreps, '30x0e', '8x0e+8x1e', '4x0e+4x1e+4x2e'];
const paperWidths: readonly string[] = ['2x0e+1x1e+1x2e', '4x0e+2x1e+1x2e', paperIrreps];

/** @throws GyraError where an irreps text or a size makes no sense */
export function builtInStudy(name: StudyName, options: StudyOptions): StudySpec {
  const { base } = options;
  const kinds = modelKinds(base.model);
  const arm = (series: string, change: Partial<Pick<TrainingSpec, 'model' | 'augmentation' | 'data' | 'sampling'>>, x?: string | number): StudyArm => ({ series, ...(x === undefined ? {} : { x }), spec: { ...base, ...change } });
  const turned = (degrees: number) => ({ augmentation: { ...base.augmentation, rotationDegrees: degrees } });
  const fiveModels: StudyArm[] = [
    // no samples are turned but where the name says so, whatever the base does
    arm('steerable', { model: kinds.steerable, ...turned(0) }),
    arm('ordinary', { model: kinds.ordinary, ...turned(0) }),
    arm('ordinary ±20°', { model: kinds.ordinary, ...turned(20) }),
    arm('ordinary full', { model: kinds.ordinary, ...turned(180) }),
    arm('group CNN', { model: kinds.group, ...turned(0) }),
  ];
  const study = (fields: Pick<StudySpec, 'name' | 'question' | 'figure' | 'arms'> & Partial<StudySpec>): StudySpec => studySpec.parse({ seeds: [base.seed], learningRates: [base.optimiser.learningRate], ...fields });
  switch (name) {
    case 'rotation':
      return study({ name, question: 'How well does each network segment a head that is turned?', paper: 'figures 5, 7, 8 and 9', figure: 'angle', protocols: ['planes', 'right-angles', 'cone'], degrees: [...(options.degrees ?? rotationDegrees)], arms: fiveModels });
    case 'models':
      return study({ name, question: 'How well does each network segment an upright head?', paper: 'tables 3 and 5', figure: 'model', arms: fiveModels.map((one) => ({ ...one, x: one.series })) });
    case 'irreps-ratio':
      return study({
        name, question: 'Which shares of scalars, vectors and tensors are best?', paper: 'table 4', figure: 'model',
        arms: (options.irreps ?? paperRatios).map((irreps) => arm(ratioOf(irreps), { model: kinds.steerableOf(irreps) }, ratioOf(irreps))),
      });
    case 'set-size': {
      const sizes = options.sizes ?? powersOfTwo(options.trainingCases);
      const most = Math.max(...sizes);
      if (most > options.trainingCases) throw badInput(`The study asks for ${most} training cases, and the split has ${options.trainingCases}.`, 'Leave out the sizes above that, or add cases.');
      return study({
        name, question: 'How many scans does each network need?', paper: 'figure 4', figure: 'training-cases', spread: 'seeds',
        arms: fiveModels.filter(({ series }) => ['steerable', 'ordinary', 'ordinary full'].includes(series)).flatMap(({ series, spec }) => sizes.map((trainingCases) => ({ series, x: trainingCases, spec: { ...spec, data: { ...spec.data, trainingCases } } }))),
      });
    }
    case 'parameters': {
      const widths = options.irreps ?? paperWidths;
      const of = (series: string, model: (irreps: string) => ModelSpec) => widths.map((irreps) => arm(series, { model: model(irreps) }, parameterCount(model(irreps)).stored));
      return study({
        name, question: 'How many parameters does each network need?', paper: 'figure 6', figure: 'parameters',
        arms: [
          ...of('steerable 5³', (irreps) => ({ ...kinds.steerableOf(irreps), kernelSize: 5 })),
          ...of('steerable 3³', (irreps) => ({ ...kinds.steerableOf(irreps), kernelSize: 3, cutoff: true })),
          ...of('steerable 3³, no cut-off', (irreps) => ({ ...kinds.steerableOf(irreps), kernelSize: 3, cutoff: false })),
          ...of('ordinary 5³', (irreps) => ({ ...kinds.ordinaryOf(irreps), kernelSize: 5 })),
          ...of('ordinary 3³', (irreps) => ({ ...kinds.ordinaryOf(irreps), kernelSize: 3 })),
        ],
      });
    }
    case 'cost': {
      // every model sees patches of one size, so that memory and time can be compared; where the base names no side they are cubes in every case
      const patchSize = Math.min(base.sampling.patchSize, ...(options.shapes ?? []).flatMap((shape) => canvasFor(shape, acceptedSizes(kinds.ordinary))));
      if (patchSize < smallestPatch) throw badInput(`A case is so thin that the largest cube every case holds has ${patchSize} voxels a side, and a patch has ${smallestPatch} at least.`, 'Leave that case out of the split, or name the side with --set sampling.patchSize=SIDE.');
      const sampling = { ...base.sampling, kind: 'patch' as const, patchSize };
      return study({ name, question: 'What time and memory does training take?', paper: 'section 5.1.1', figure: 'cost', arms: fiveModels.filter(({ series }) => !series.includes('±')).map(({ series, spec }) => arm(series, { model: spec.model, augmentation: spec.augmentation, sampling }, series)) });
    }
  }
}

/** Networks in the frame of a model: its inputs, outputs, poolings and kernel. */
function modelKinds(model: ModelSpec) {
  const { schemaVersion, inputs, outputs, poolings, padding } = model;
  const frame = { schemaVersion, inputs, outputs, poolings };
  const kernelSize = model.kernelSize === 3 ? (3 as const) : (5 as const);
  const own = model.architecture === 'steerable-unet' ? model : undefined;
  const steerableOf = (irreps: string) => ({ ...(own ?? { architecture: 'steerable-unet' as const, ...frame, padding, kernelSize, steps: [1, 1, 1] as [number, number, number], equivariance: 'SO3' as const, maximumDegree: 2, scale: 2, radialFunctions: 5, cutoff: true, normalisation: { kind: 'instance' as const, by: 'root-mean-square' as const }, pooling: 'norm' as const, dropout: 0, bias: true }), irreps });
  const ordinaryOf = (irreps: string) => ({ architecture: 'unet' as const, ...frame, padding: 'centred' as const, kernelSize, features: widthOf(irreps) });
  const irreps = own?.irreps ?? paperIrreps;
  return {
    steerableOf,
    ordinaryOf,
    steerable: steerableOf(irreps),
    /** As wide as the steerable one, as in the paper: 30 features for 8x0e+4x1e+2x2e. */
    ordinary: ordinaryOf(irreps),
    /** Klein's group of four; as wide in all four together, as in the paper: 8 features for 8x0e+4x1e+2x2e. */
    group: { architecture: 'group-unet' as const, ...frame, padding: 'centred' as const, kernelSize, group: 'klein' as const, features: Math.ceil(widthOf(irreps) / 4) },
  };
}

/** Channels of a field with these irreps. */
export const widthOf = (irreps: string): number => entriesOf(irreps).reduce((sum, { multiplicity, degree }) => sum + multiplicity * (2 * degree + 1), 0);

/** 8x0e+4x1e+2x2e of `8:4:2`, or the text as it is. */
export function irrepsOf(ratio: string): string {
  if (!/^\d+(:\d+){1,3}$/.test(ratio)) return ratio;
  return ratio.split(':').flatMap((multiplicity, degree) => (Number(multiplicity) > 0 ? [`${multiplicity}x${degree}e`] : [])).join('+');
}

/** 2, 4, 8 ... and all of them: min(2^n, N), n = 1 to 9, as in the paper. */
function powersOfTwo(most: number): number[] {
  return [...new Set(Array.from({ length: 9 }, (_, n) => Math.min(2 ** (n + 1), most)))];
}
