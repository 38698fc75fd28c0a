/** @file The voxels a steerable kernel covers, and its radial functions there. */
import { badInput } from '../../contract/problem';
import { radialBasis } from './radial-basis';
import type { Cutoff } from './radial-basis';

/** Where a kernel has its taps and which radial functions weight them. */
export interface LatticeSpec {
  /** Kernel diameter, in the unit of the steps: voxels where these are 1. */
  readonly diameter: number;
  /** Voxel size along each axis, in the unit of the diameter. */
  readonly steps: readonly [x: number, y: number, z: number];
  readonly radialFunctions: number;
  /** True: radial functions confined to the radius (the paper's text); false: the authors' code. e3nn's `cutoff`. */
  readonly cutoff: Cutoff;
}

/** One lattice point where a radial function is not zero. */
export interface Tap {
  /** In voxels. */
  readonly offset: readonly [x: number, y: number, z: number];
  /** The offset in the unit of the steps. */
  readonly point: readonly [x: number, y: number, z: number];
  /** Length of the point. */
  readonly radius: number;
  /** One value per radial function. */
  readonly basis: readonly number[];
}

export interface Lattice {
  /** Voxels from the centre to the edge along each axis. */
  readonly reach: readonly [x: number, y: number, z: number];
  /** Number of lattice points, taps or not: e3nn_Unet divides kernels by it. */
  readonly points: number;
  /** In x, y, z order, z fastest. */
  readonly taps: readonly Tap[];
}

/** Voxels a kernel may have along an axis. */
export const maximumExtent = 9;

/**
 * Lattice of a kernel: along each axis floor(R / step) voxels to either side, R half the diameter, so that extents are odd and centred and an axis with steps longer than R has extent 1.
 * Diameter 5 with unit steps and cut-off has 80 taps in 6 shells, without it 117 in 9. Source: e3nn_Unet `Convolution`.
 * @throws GyraError for sizes that are no numbers above 0, a kernel smaller than a voxel along every axis, one that meets no voxel, and extents above {@link maximumExtent}.
 */
export function lattice({ diameter, steps, radialFunctions, cutoff }: LatticeSpec): Lattice {
  const name = `A kernel of diameter ${diameter} with steps ${steps.join(' x ')}`;
  if (![diameter, ...steps].every((length) => length > 0 && Number.isFinite(length))) throw badInput(`${name} has no size.`, 'Give a diameter and steps above 0, in one unit.');
  if (!(Number.isInteger(radialFunctions) && radialFunctions > 0)) throw badInput(`${name} has ${radialFunctions} radial functions.`, 'Give a whole number from 1 on; the paper has 5.');
  if (diameter < Math.min(...steps)) throw badInput(`${name} is smaller than a voxel.`, 'Give a larger diameter, in the unit of the steps: the paper has 5 voxels.');
  const reach = steps.map((step) => Math.floor(diameter / 2 / step)) as [number, number, number];
  const extents = reach.map((voxels) => 2 * voxels + 1);
  if (extents.some((extent) => extent > maximumExtent)) throw badInput(`${name} covers ${extents.join(' x ')} voxels.`, `Give a smaller diameter or longer steps: at most ${maximumExtent} voxels along an axis.`);
  const [xs, ys, zs] = reach.map((voxels) => Array.from({ length: 2 * voxels + 1 }, (_, n) => n - voxels));
  const taps = xs.flatMap((x) =>
    ys.flatMap((y) =>
      zs.flatMap((z) => {
        const point = [x * steps[0], y * steps[1], z * steps[2]] as const;
        const radius = Math.hypot(...point);
        const basis = radialBasis(radius, diameter / 2, radialFunctions, cutoff);
        return basis.some((value) => value !== 0) ? [{ offset: [x, y, z] as const, point, radius, basis }] : [];
      }),
    ),
  );
  if (taps.length === 0) throw badInput(`${name} and ${radialFunctions} radial functions is zero at every voxel.`, 'Give a larger diameter, or turn the cut-off off.');
  return { reach, points: extents.reduce((product, extent) => product * extent, 1), taps };
}

/** Radial functions that meet a tap where harmonics of this degree are not zero (at the centre only degree 0 is): the weights of the others do nothing. */
export const liveFunctions = ({ taps }: Lattice, degree: number): number => {
  const met = taps.filter(({ radius }) => degree === 0 || radius > 0);
  return (taps[0]?.basis ?? []).filter((_, b) => met.some(({ basis }) => basis[b] !== 0)).length;
};
