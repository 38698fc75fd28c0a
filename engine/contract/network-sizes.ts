/** @file What a network does to the sizes of a volume: voxels and poolings of each level, and from them the sizes it takes. */
import type { ModelSpec, SteerableUnetSpec } from './model-spec';
import { badInput } from './problem';

export type AlongAxes = readonly [x: number, y: number, z: number];
const eachAxis = (value: (axis: 0 | 1 | 2) => number): AlongAxes => [value(0), value(1), value(2)];

export interface Level {
  /** Diameter of the kernels, in the unit of `steps`. */
  readonly diameter: number;
  /** Size of a voxel. */
  readonly steps: AlongAxes;
  /** Voxels joined by the pooling to the level below. */
  readonly extent: AlongAxes;
}

/** The levels of a steerable U-Net from the highest down. Source: e3nn_Unet `equivariant_unet_physical_units`; steps of lower levels are those that the poolings above make, if the spec does not list them. */
export function levelsOf({ poolings, kernelSize, steps, scale }: SteerableUnetSpec): readonly Level[] {
  const listed = Array.isArray(steps[0]) ? (steps as AlongAxes[]) : undefined;
  let made = steps as AlongAxes;
  return Array.from({ length: poolings + 1 }, (_, level): Level => {
    const here = listed ? listed[Math.min(level, listed.length - 1)]! : made;
    const extent = eachAxis((axis) => Math.max(1, Math.floor((scale * 2 ** level) / here[axis])));
    made = eachAxis((axis) => here[axis] * extent[axis]);
    return { diameter: kernelSize * 2 ** level, steps: here, extent };
  });
}

/** Voxels joined by each pooling of a network, from the highest down. */
export const poolingExtents = (spec: ModelSpec): readonly AlongAxes[] =>
  spec.architecture === 'steerable-unet'
    ? levelsOf(spec)
        .slice(0, spec.poolings)
        .map(({ extent }) => extent)
    : Array.from({ length: spec.poolings }, () => [2, 2, 2] as const);

/** Sizes a network takes along each axis: `remainder` more than a multiple of `multiple`. */
export interface AcceptedSizes {
  readonly multiple: AlongAxes;
  readonly remainder: 0 | 1;
}

/** A multiple of what the poolings join; one more where they are low-pass, which keeps the voxels at both ends; any size where the network pads in front by itself. */
export function acceptedSizes(spec: ModelSpec): AcceptedSizes {
  return spec.padding === 'front' ? { multiple: [1, 1, 1], remainder: 0 } : pooledSizes(spec);
}

/** The sizes the poolings divide without rest. */
export const pooledSizes = (spec: ModelSpec): AcceptedSizes => ({
  multiple: eachAxis((axis) => poolingExtents(spec).reduce((product, extent) => product * extent[axis], 1)),
  remainder: spec.architecture === 'steerable-unet' && spec.poolings > 0 && spec.pooling === 'low-pass' ? 1 : 0,
});

/** The smallest accepted sizes that hold a volume. */
export const roundedUp = ({ multiple, remainder }: AcceptedSizes, shape: AlongAxes): AlongAxes => eachAxis((axis) => remainder + Math.ceil((shape[axis] - remainder) / multiple[axis]) * multiple[axis]);

export const accepts = ({ multiple, remainder }: AcceptedSizes, shape: AlongAxes): boolean => shape.every((size, axis) => size >= remainder && (size - remainder) % multiple[axis]! === 0);

/** `multiples of 4`, `multiples of 4x4x2 and one more`. */
export const printSizes = ({ multiple, remainder }: AcceptedSizes): string => `multiples of ${new Set(multiple).size === 1 ? multiple[0] : multiple.join('x')}${remainder ? ' and one more' : ''}`;

/** Sizes that all of several networks take. Throws a GyraError where there are none: a multiple, and one more than a multiple. */
export function commonSizes(rules: readonly AcceptedSizes[]): AcceptedSizes {
  const remainder = rules[0]?.remainder ?? 0;
  if (rules.some((rule) => rule.remainder !== remainder)) throw badInput('There is no size of a volume that all of these models take.', 'Compare models with low-pass pooling only with each other.');
  return { multiple: eachAxis((axis) => rules.reduce((common, rule) => leastCommonMultiple(common, rule.multiple[axis]), 1)), remainder };
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (m: number, n: number): number => (n === 0 ? m : divisor(n, m % n));
  return (a / divisor(a, b)) * b;
}
