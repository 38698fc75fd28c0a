/** @file Couplings of degrees as sparse sums with as many coefficients of +-1 as there can be, and the order of the streams they fill. */
import { clebschGordan } from '../../../../math/so3/clebsch-gordan';
import { maximumDegree, polynomialScale } from './stencil';

export const degrees = Array.from({ length: maximumDegree + 1 }, (_, degree) => degree);

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
  /** Place among the couplings of the same degreeIn and degreeOut. */
  readonly place: number;
}

const all: Coupling[] = [];
for (const degreeIn of degrees)
  for (const degree of degrees)
    for (const degreeOut of degrees) {
      if (degreeOut < Math.abs(degreeIn - degree) || degreeOut > degreeIn + degree) continue;
      const [n, o] = [2 * degree + 1, 2 * degreeOut + 1];
      const raw = clebschGordan(degreeIn, degree, degreeOut).map((c, i) => (c * polynomialScale(degree, Math.floor(i / o) % n)) / outputScale(degreeOut, i % o));
      const scale = mostCommonMagnitude(raw);
      all.push({ degreeIn, degree, degreeOut, scale, coefficients: raw.map((c) => snap(c / scale)), place: all.filter((c) => c.degreeIn === degreeIn && c.degreeOut === degreeOut).length });
    }

/** Couplings from degreeIn, in stream order. */
export const couplingsFrom = (degreeIn: number): readonly Coupling[] => all.filter((c) => c.degreeIn === degreeIn);
export const couplingsBetween = (degreeIn: number, degreeOut: number): readonly Coupling[] => all.filter((c) => c.degreeIn === degreeIn && c.degreeOut === degreeOut);

/** Sign s with C(in, degree, out)_ijk = s C(out, degree, in)_kji: turns a path into its adjoint. */
export function transposeSign({ degreeIn, degree, degreeOut }: Pick<Coupling, 'degreeIn' | 'degree' | 'degreeOut'>): number {
  const a = clebschGordan(degreeIn, degree, degreeOut);
  const b = clebschGordan(degreeOut, degree, degreeIn);
  const [ni, nj, nk] = [2 * degreeIn + 1, 2 * degree + 1, 2 * degreeOut + 1];
  let dot = 0;
  for (let i = 0; i < ni; i++) for (let j = 0; j < nj; j++) for (let k = 0; k < nk; k++) dot += a[(i * nj + j) * nk + k]! * b[(k * nj + j) * ni + i]!;
  return Math.sign(dot);
}

function mostCommonMagnitude(values: Float64Array): number {
  const counts = new Map<string, { count: number; value: number }>();
  for (const value of values) {
    if (Math.abs(value) < 1e-12) continue;
    const key = Math.abs(value).toFixed(9);
    counts.set(key, { count: (counts.get(key)?.count ?? 0) + 1, value: Math.abs(value) });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || b.value - a.value)[0]!.value;
}
/** Rounding noise taken off values meant to be 0 or +-1. */
function snap(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-12 ? whole : value;
}
