/** @file Couplings of degrees as sparse sums with as many coefficients of +-1 as there can be. */
import { clebschGordan } from '../../../../math/so3/clebsch-gordan';
import { polynomialScale } from './harmonic-polynomials';
import { mostCommonMagnitude, snap } from './stencil';

/** Output components are accumulated in this scaled basis (true value = scale * accumulator), so that the path from scalars needs no multiplication. */
export const outputScale = (degree: number, component: number): number => polynomialScale(degree, component) / polynomialScale(degree, 0);

export interface Coupling {
  readonly degreeIn: number;
  /** Degree of the harmonic. */
  readonly degree: number;
  readonly degreeOut: number;
  /** Taken out of all coefficients; the mixing weights carry it. */
  readonly scale: number;
  /** [componentIn][harmonic component][componentOut], flat, divided by `scale`. */
  readonly coefficients: Float64Array;
}

const memo = new Map<string, Coupling>();

/** The coupling of degrees that couple. */
export function coupling(degreeIn: number, degree: number, degreeOut: number): Coupling {
  const key = `${degreeIn} ${degree} ${degreeOut}`;
  if (!memo.has(key)) {
    const [n, o] = [2 * degree + 1, 2 * degreeOut + 1];
    const raw = clebschGordan(degreeIn, degree, degreeOut).map((c, i) => (c * polynomialScale(degree, Math.floor(i / o) % n)) / outputScale(degreeOut, i % o));
    const scale = mostCommonMagnitude(raw);
    memo.set(key, { degreeIn, degree, degreeOut, scale, coefficients: raw.map((c) => snap(c / scale)) });
  }
  return memo.get(key)!;
}

/** Sign s with C(in, degree, out)_ijk = s C(out, degree, in)_kji: turns a path into its adjoint. */
export function transposeSign({ degreeIn, degree, degreeOut }: Pick<Coupling, 'degreeIn' | 'degree' | 'degreeOut'>): number {
  const a = clebschGordan(degreeIn, degree, degreeOut);
  const b = clebschGordan(degreeOut, degree, degreeIn);
  const [ni, nj, nk] = [2 * degreeIn + 1, 2 * degree + 1, 2 * degreeOut + 1];
  let dot = 0;
  for (let i = 0; i < ni; i++) for (let j = 0; j < nj; j++) for (let k = 0; k < nk; k++) dot += a[(i * nj + j) * nk + k]! * b[(k * nj + j) * ni + i]!;
  return Math.sign(dot);
}
