/**
 * @file What a reflection of the points of a spectrum does to the matrix of a steerable kernel. A reflection along y is half a turn about y and an inversion: with R the half turn, which in this basis changes signs alone, the matrix at
 * the mirror image is R M R where M is real (harmonics of even degree) and -R M R where it is imaginary (odd): R times its conjugate times R. So spectra whose channels have these signs at mirror images, and are conjugate at those along one
 * axis, see M at all blocks of a group.
 */
import { dimension, type Irreps } from '../../../../../math/so3/irreps';
import { polynomials } from '../harmonic-polynomials';

/** -1 where half a turn about y or z takes a component to its opposite. */
export function halfTurnSign(degree: number, component: number, axis: 'y' | 'z'): number {
  const { of } = polynomials[degree]![component]!;
  // where no harmonic vanishes
  const [x, y, z] = [0.3, 0.5, 0.7];
  return Math.sign(of(x, y, z) * (axis === 'y' ? of(-x, y, -z) : of(-x, -y, z)));
}

/**
 * Sign bits to exclusive-or with, four lanes each: [mirrored along z, mirrored along y, channel of a row, real or imaginary part, lane].
 * @param first where the channels of each entry begin in a row of so many
 */
export function reflectionSigns(irreps: Irreps, first: readonly number[], channels: number): Int32Array {
  const signs = new Int32Array(4 * channels * 2 * 4);
  irreps.forEach(({ degree }, n) => {
    for (let channel = 0; channel < dimension([irreps[n]!]); channel++)
      for (const [z, y] of [[0, 1], [1, 0], [1, 1]] as const) {
        const component = channel % (2 * degree + 1);
        const sign = (y ? halfTurnSign(degree, component, 'y') : 1) * (z ? halfTurnSign(degree, component, 'z') : 1);
        [sign, z === y ? sign : -sign].forEach((ofPart, part) => {
          const at = (((2 * z + y) * channels + first[n]! + channel) * 2 + part) * 4;
          if (ofPart < 0) signs.fill(-(2 ** 31), at, at + 4);
        });
      }
  });
  return signs;
}
