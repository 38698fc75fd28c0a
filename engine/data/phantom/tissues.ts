/** @file What the phantoms are made of: materials with their brightness, tissues with their label. */

/** Brightness where white matter is 1 in T1. Several tissues share one material: those are told apart by their place alone. */
export const contrasts = ['T1', 'T1 contrast', 'T2', 'FLAIR'] as const;
const materials = {
  air: [0, 0, 0, 0],
  fat: [1.15, 1.15, 0.75, 0.7],
  bone: [0.1, 0.1, 0.08, 0.08],
  muscle: [0.5, 0.55, 0.4, 0.45],
  fluid: [0.2, 0.2, 1.2, 0.15],
  grey: [0.6, 0.62, 0.74, 0.72],
  white: [1, 1.02, 0.5, 0.55],
  pallidum: [1.3, 1.32, 0.36, 0.46],
  stem: [1.15, 1.17, 0.55, 0.6],
  folded: [0.78, 0.8, 0.64, 0.66],
  oedema: [0.72, 0.74, 1, 1.1],
  necrosis: [0.42, 0.42, 1.05, 0.55],
  enhancing: [0.68, 1.45, 0.85, 0.95],
} as const satisfies Record<string, readonly [number, number, number, number]>;
export type Material = keyof typeof materials;
export const materialNames = Object.keys(materials) as readonly Material[];
export const brightnessOf = (material: Material): readonly number[] => materials[material];

/** Label values of the brain's structures are their places here, from 1; the names are the paper's (MELBA 2024:010, section 4). */
export const brainStructures = ['cerebellum', 'hippocampus', 'lateral ventricles', 'caudate', 'putamen', 'pallidum', 'brain stem'] as const;
export type BrainStructure = (typeof brainStructures)[number];

/** Exclusive labels of the tumour from 1, and the nested regions they make up: whole > core > enhancing. */
export const tumourParts = ['oedema', 'necrosis', 'enhancing'] as const;
export type TumourPart = (typeof tumourParts)[number];
export const tumourRegions = { 'whole tumour': [1, 2, 3], 'tumour core': [2, 3], 'enhancing tumour': [3] } as const;

interface Tissue {
  readonly material: Material;
  readonly structure?: BrainStructure;
  readonly part?: TumourPart;
}
export const tissues = {
  air: { material: 'air' },
  skin: { material: 'fat' },
  muscle: { material: 'muscle' },
  skull: { material: 'bone' },
  fluid: { material: 'fluid' },
  eye: { material: 'fluid' },
  cortex: { material: 'grey' },
  white: { material: 'white' },
  thalamus: { material: 'grey' },
  amygdala: { material: 'grey' },
  cerebellum: { material: 'folded', structure: 'cerebellum' },
  cerebellarWhite: { material: 'white', structure: 'cerebellum' },
  hippocampus: { material: 'grey', structure: 'hippocampus' },
  ventricle: { material: 'fluid', structure: 'lateral ventricles' },
  caudate: { material: 'grey', structure: 'caudate' },
  putamen: { material: 'grey', structure: 'putamen' },
  pallidum: { material: 'pallidum', structure: 'pallidum' },
  stem: { material: 'stem', structure: 'brain stem' },
  oedema: { material: 'oedema', part: 'oedema' },
  necrosis: { material: 'necrosis', part: 'necrosis' },
  enhancing: { material: 'enhancing', part: 'enhancing' },
} as const satisfies Record<string, Tissue>;
export type TissueName = keyof typeof tissues;
export const tissueNames = Object.keys(tissues) as readonly TissueName[];
export const tissueOf = (name: TissueName): Tissue => tissues[name];
