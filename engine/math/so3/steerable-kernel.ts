/** @file The dense kernel that a steerable convolution stands for, and the adjoint of its assembly. Slow and plain: what fast ways are compared with. */
import { clebschGordan } from './clebsch-gordan';
import { channelStarts, dimension } from './irreps';
import type { Irreps } from './irreps';
import type { Lattice } from './lattice';
import { sphericalHarmonics } from './spherical-harmonics';
import { pathsOf, weightsOf } from './steerable-paths';

export interface SteerableKernelLayout {
  readonly irrepsIn: Irreps;
  readonly irrepsOut: Irreps;
  readonly harmonics: Irreps;
  readonly lattice: Lattice;
}

/**
 * K[d, (u, i), (w, k)] = coefficient / P sum_b b_b(|d|) weight[b, path(u, w)] sum_j C(l_in, l, l_out)_ijk Y_l,j(d / |d|), summed over paths; P is the number of lattice points.
 * It obeys K(R d) = D_out K(d) D_in^T. Source: Diaz, Geiger and McKinley, MELBA 2024:010, section 2; e3nn_Unet `Convolution.kernel`.
 * @param weight [functions, paths], row-major.
 * @returns [tap, channel in, channel out], row-major.
 */
export function steerableKernel(layout: SteerableKernelLayout, weight: ArrayLike<number>): Float64Array {
  const { taps } = layout.lattice;
  const columns = weightsOf(pathsOf(layout.irrepsIn, layout.irrepsOut, layout.harmonics));
  const radial = new Float64Array(taps.length * columns);
  taps.forEach(({ basis }, tap) => basis.forEach((value, b) => {
    for (let column = 0; column < columns; column++) radial[tap * columns + column] += value * weight[b * columns + column];
  }));
  const kernel = new Float64Array(taps.length * dimension(layout.irrepsIn) * dimension(layout.irrepsOut));
  forEachCoupling(layout, (element, tap, column, factor) => { kernel[element] += factor * radial[tap * columns + column]; });
  return kernel;
}

/**
 * Gradient of the weight from the gradient of the kernel.
 * @param dkernel [tap, channel in, channel out], row-major.
 * @returns [functions, paths], row-major.
 */
export function steerableKernelAdjoint(layout: SteerableKernelLayout, dkernel: ArrayLike<number>): Float64Array {
  const { taps } = layout.lattice;
  const columns = weightsOf(pathsOf(layout.irrepsIn, layout.irrepsOut, layout.harmonics));
  const dradial = new Float64Array(taps.length * columns);
  forEachCoupling(layout, (element, tap, column, factor) => { dradial[tap * columns + column] += factor * dkernel[element]; });
  const dweight = new Float64Array(taps[0].basis.length * columns);
  taps.forEach(({ basis }, tap) => basis.forEach((value, b) => {
    for (let column = 0; column < columns; column++) dweight[b * columns + column] += value * dradial[tap * columns + column];
  }));
  return dweight;
}

/** Visits every pair of a kernel element and a weight column that feeds it, with the factor between them. */
function forEachCoupling({ irrepsIn, irrepsOut, harmonics, lattice }: SteerableKernelLayout, visit: (element: number, tap: number, column: number, factor: number) => void): void {
  const [startsIn, startsOut] = [channelStarts(irrepsIn), channelStarts(irrepsOut)];
  const [channelsIn, channelsOut] = [dimension(irrepsIn), dimension(irrepsOut)];
  for (const { entryIn, degree, entryOut, offset, multiplicityIn, multiplicityOut, coefficient } of pathsOf(irrepsIn, irrepsOut, harmonics)) {
    const [degreeIn, degreeOut] = [irrepsIn[entryIn].degree, irrepsOut[entryOut].degree];
    const [sizeIn, size, sizeOut] = [2 * degreeIn + 1, 2 * degree + 1, 2 * degreeOut + 1];
    const coupling = clebschGordan(degreeIn, degree, degreeOut);
    lattice.taps.forEach((tap, t) => {
      const harmonic = sphericalHarmonics(degree, tap.point).subarray(degree * degree);
      for (let i = 0; i < sizeIn; i++) for (let k = 0; k < sizeOut; k++) {
        let angular = 0;
        for (let j = 0; j < size; j++) angular += coupling[(i * size + j) * sizeOut + k] * harmonic[j];
        for (let u = 0; u < multiplicityIn; u++) for (let w = 0; w < multiplicityOut; w++) {
          const channelIn = startsIn[entryIn] + u * sizeIn + i;
          const channelOut = startsOut[entryOut] + w * sizeOut + k;
          visit((t * channelsIn + channelIn) * channelsOut + channelOut, t, offset + u * multiplicityOut + w, (coefficient / lattice.points) * angular);
        }
      }
    });
  }
}
