/** @file The voxels a steerable kernel covers, and its radial functions there. */
import { radialBasis } from './radial-basis';
import type { Cutoff } from './radial-basis';

/** One lattice point where a radial function is not zero. */
export interface Tap {
  /** In voxels. */
  readonly offset: readonly [x: number, y: number, z: number];
  /** Length of the offset, in voxels. */
  readonly radius: number;
  /** One value per radial function. */
  readonly basis: readonly number[];
}

export interface Lattice {
  /** Voxels from the centre to the edge along an axis. */
  readonly reach: number;
  /** Number of lattice points, taps or not: e3nn_Unet divides kernels by it. */
  readonly points: number;
  /** In x, y, z order, z fastest. */
  readonly taps: readonly Tap[];
}

/**
 * Lattice of a kernel of diameter `kernelSize` voxels, unit steps: extents are odd and centred, the support radius is half the diameter.
 * Size 5 with cut-off has 80 taps in 6 shells, without it 117 in 9. Source: e3nn_Unet `Convolution`.
 */
export function lattice({ kernelSize, radialFunctions, cutoff }: { kernelSize: number; radialFunctions: number; cutoff: Cutoff }): Lattice {
  const reach = Math.floor(kernelSize / 2);
  const axis = Array.from({ length: 2 * reach + 1 }, (_, n) => n - reach);
  const taps = axis.flatMap((x) =>
    axis.flatMap((y) =>
      axis.flatMap((z) => {
        const radius = Math.hypot(x, y, z);
        const basis = radialBasis(radius, kernelSize / 2, radialFunctions, cutoff);
        return basis.some((value) => value !== 0) ? [{ offset: [x, y, z] as const, radius, basis }] : [];
      }),
    ),
  );
  return { reach, points: axis.length ** 3, taps };
}
