/** @file Clebsch-Gordan coefficients of real irreps: how two degrees couple to a third without leaving rotations. */
import { badInput } from '../../contract/problem';

const memo = new Map<string, Float64Array>();

/** True where degrees l1 and l2 couple to l3. */
export const couples = (l1: number, l2: number, l3: number): boolean => Math.abs(l1 - l2) <= l3 && l3 <= l1 + l2;

/**
 * The invariant tensor C of three real irreps: C_lmn = C_ijk D^l1_il D^l2_jm D^l3_kn, sum of squares 1.
 * Equal to e3nn's `wigner_3j(l1, l2, l3)` in value and sign; exact to rounding for degrees up to 4.
 * @returns [2 l1 + 1, 2 l2 + 1, 2 l3 + 1], row-major; shared between callers, not to be written to.
 * @throws GyraError where the degrees do not couple.
 */
export function clebschGordan(l1: number, l2: number, l3: number): Float64Array {
  if (!couples(l1, l2, l3)) throw badInput(`Degrees ${l1} and ${l2} do not couple to ${l3}.`, 'The third degree lies between the difference and the sum of the first two.');
  const key = `${l1} ${l2} ${l3}`;
  const known = memo.get(key);
  if (known) return known;
  const tensor = realTensor(l1, l2, l3);
  memo.set(key, tensor);
  return tensor;
}

/** SU(2) coefficients carried to the real basis of each degree, then normalised. */
function realTensor(l1: number, l2: number, l3: number): Float64Array {
  const [d1, d2, d3] = [2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1];
  const [q1, q2, q3] = [realToComplex(l1), realToComplex(l2), realToComplex(l3)];
  const tensor = new Float64Array(d1 * d2 * d3);
  for (let m1 = -l1; m1 <= l1; m1++) for (let m2 = -l2; m2 <= l2; m2++) {
    const m3 = m1 + m2;
    if (Math.abs(m3) > l3) continue;
    const coefficient = su2ClebschGordan(l1, m1, l2, m2, l3, m3);
    for (let i = 0; i < d1; i++) for (let j = 0; j < d2; j++) for (let k = 0; k < d3; k++) {
      const [re1, im1] = q1[m1 + l1][i];
      const [re2, im2] = q2[m2 + l2][j];
      const [re3, im3] = q3[m3 + l3][k];
      // Real part of q1 q2 conj(q3); the imaginary parts cancel in the sum.
      tensor[(i * d2 + j) * d3 + k] += coefficient * ((re1 * re2 - im1 * im2) * re3 + (re1 * im2 + im1 * re2) * im3);
    }
  }
  const norm = Math.hypot(...tensor);
  return tensor.map((value) => value / norm);
}

type Complex = readonly [re: number, im: number];

/** (-i)^l q: rows are complex orders m = -l..l, columns real components, as in e3nn's `change_basis_real_to_complex`. */
function realToComplex(l: number): Complex[][] {
  const q: Complex[][] = Array.from({ length: 2 * l + 1 }, () => Array.from({ length: 2 * l + 1 }, (): Complex => [0, 0]));
  const half = Math.SQRT1_2;
  q[l][l] = [1, 0];
  for (let m = 1; m <= l; m++) {
    const sign = m % 2 === 0 ? 1 : -1;
    q[l - m][l + m] = [half, 0];
    q[l - m][l - m] = [0, -half];
    q[l + m][l + m] = [sign * half, 0];
    q[l + m][l - m] = [0, sign * half];
  }
  const turn = (z: Complex): Complex => [z[1], -z[0]];
  return q.map((row) => row.map((z) => Array.from({ length: l }).reduce<Complex>(turn, z)));
}

/** <j1 m1 j2 m2 | j3 m3> by Racah's formula, with m3 = m1 + m2. */
function su2ClebschGordan(j1: number, m1: number, j2: number, m2: number, j3: number, m3: number): number {
  const f = factorial;
  const square =
    ((2 * j3 + 1) * f(j3 + j1 - j2) * f(j3 - j1 + j2) * f(j1 + j2 - j3) * f(j3 + m3) * f(j3 - m3)) /
    (f(j1 + j2 + j3 + 1) * f(j1 - m1) * f(j1 + m1) * f(j2 - m2) * f(j2 + m2));
  let sum = 0;
  for (let v = Math.max(-j1 + j2 + m3, -j1 + m1, 0); v <= Math.min(j2 + j3 + m1, j3 - j1 + j2, j3 + m3); v++) {
    const term = (f(j2 + j3 + m1 - v) * f(j1 - m1 + v)) / (f(v) * f(j3 - j1 + j2 - v) * f(j3 + m3 - v) * f(v + j1 - j2 - m3));
    sum += (v + j2 + m2) % 2 === 0 ? term : -term;
  }
  return Math.sqrt(square) * sum;
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
