/** @file Spectra of the harmonics of a lattice: at every point of half a spectrum the number each radial stream of each harmonic multiplies the spectrum of a volume with. */
import type { Lattice } from '../../../../../math/so3/lattice';
import type { Lengths } from '../../convolution/fourier/fourier-plan';
import { columnsPerBlock, firstBlock, groupsOf, pointAt, pointsAlongZ, pointsPerBlock } from '../../convolution/fourier/point-blocks';
import { degrees, polynomials } from '../harmonic-polynomials';
import { shellsOf, type Stencil } from '../stencil';
import { harmonicsOf } from '../tile-shape';

/** Vectors of one block before the harmonics of a degree: [degree, stream, component]. */
export const firstHarmonic = ({ radial }: Stencil, degree: number): number => degrees.slice(0, degree).reduce((sum, l) => sum + radial[l]!.length * (2 * l + 1), 0);

/**
 * [group of blocks, degree, stream, component, point], of each group its first block; groups along z first, then x up to half the length, then y. A harmonic of even degree is even, its spectrum the sum of its values times cosines; that of an odd one is
 * i times the sum with sines, and i is left to who uses it. Divided by the number of points, as the transforms back are not.
 */
export function harmonicSpectra({ taps }: Lattice, stencil: Stencil, [lengthX, lengthY, lengthZ]: Lengths): Float32Array {
  const lengths = [lengthX, lengthY, lengthZ] as const;
  const harmonics = harmonicsOf(stencil);
  const size = lengthX * lengthY * lengthZ;
  const values = shellsOf(taps).flatMap((shell, at) => shell.map(({ offset, point }) => ({ offset, terms: termsOf(stencil, at, point) })));
  const waves = lengths.map((length) => Array.from({ length }, (_, n) => ({ cos: Math.cos((2 * Math.PI * n) / length), sin: Math.sin((2 * Math.PI * n) / length) })));
  const wave = (axis: number, k: number, distance: number) => waves[axis]![(((k * distance) % lengths[axis]!) + lengths[axis]!) % lengths[axis]!]!;
  const isOdd = degrees.flatMap((degree) => stencil.radial[degree]!.flatMap(() => polynomials[degree]!.map(() => degree % 2 === 1)));
  const { alongX, alongY, alongZ, count } = groupsOf(lengths);
  const spectra = new Float32Array(count * harmonics * pointsPerBlock);
  const sums = new Float64Array(harmonics);
  for (let group = 0, at = 0; group < count; group++, at += harmonics * pointsPerBlock) {
    const [groupY, kx, groupZ] = [Math.floor(group / (alongZ.groups * alongX)), Math.floor(group / alongZ.groups) % alongX, group % alongZ.groups];
    for (let lane = 0; lane < pointsPerBlock; lane++) {
      const ky = pointAt(lengthY, firstBlock(alongY, groupY) * columnsPerBlock + Math.floor(lane / pointsAlongZ));
      const kz = pointAt(lengthZ, firstBlock(alongZ, groupZ) * pointsAlongZ + (lane % pointsAlongZ));
      sums.fill(0);
      for (const { offset, terms } of values) {
        const [x, y, z] = [wave(0, kx, offset[0]), wave(1, ky, offset[1]), wave(2, kz, offset[2])];
        const [cosXY, sinXY] = [x.cos * y.cos - x.sin * y.sin, x.cos * y.sin + x.sin * y.cos];
        const [cos, sin] = [cosXY * z.cos - sinXY * z.sin, cosXY * z.sin + sinXY * z.cos];
        for (const { harmonic, value } of terms) sums[harmonic]! += value * (isOdd[harmonic] ? sin : cos);
      }
      for (let harmonic = 0; harmonic < harmonics; harmonic++) spectra[at + harmonic * pointsPerBlock + lane] = sums[harmonic]! / size;
    }
  }
  return spectra;
}

/** Values at a tap of a shell, of all harmonics that do not vanish there. */
function termsOf(stencil: Stencil, shell: number, point: readonly [number, number, number]): { harmonic: number; value: number }[] {
  return degrees.flatMap((degree) =>
    stencil.radial[degree]!.flatMap(({ shells }, stream) => {
      const factor = shells.find((one) => one.shell === shell)?.coefficient;
      if (!factor) return [];
      return polynomials[degree]!.map(({ of }, component) => ({ harmonic: firstHarmonic(stencil, degree) + stream * (2 * degree + 1) + component, value: factor * of(...point) })).filter(({ value }) => value !== 0);
    }),
  );
}
