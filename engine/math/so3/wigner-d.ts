/** @file Wigner D matrices of real irreps: how the components of degree l turn under a rotation. */
import type { RotationMatrix } from '../../contract/engine-api';
import { clebschGordan } from './clebsch-gordan';

/**
 * D^l of a proper rotation: Y_l(R p) = D^l(R) Y_l(p), in the basis of {@link sphericalHarmonics}; D^1 = R.
 * An improper matrix is -R with R proper: use D^l(R) times the parity.
 * @param rotation Row-major 3 by 3, on (x, y, z).
 * @returns [2l + 1, 2l + 1], row-major.
 */
export function wignerD(degree: number, rotation: RotationMatrix): Float64Array {
  if (degree === 0) return Float64Array.of(1);
  if (degree === 1) return Float64Array.from(rotation);
  // D^l is the part of degree l in the product of D^(l-1) and R.
  const lower = wignerD(degree - 1, rotation);
  const coupling = clebschGordan(degree, degree - 1, 1);
  const size = 2 * degree + 1;
  const inner = size - 2;
  const half = new Float64Array(size * inner * 3);
  for (let i = 0; i < size; i++) for (let j = 0; j < inner; j++) for (let k = 0; k < 3; k++) {
    const c = coupling[(i * inner + j) * 3 + k];
    if (c !== 0) for (let v = 0; v < inner; v++) for (let w = 0; w < 3; w++) half[(i * inner + v) * 3 + w] += c * lower[j * inner + v] * rotation[k * 3 + w];
  }
  const d = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let h = 0; h < size; h++) for (let n = 0; n < inner * 3; n++) d[i * size + h] += size * half[i * inner * 3 + n] * coupling[h * inner * 3 + n];
  return d;
}
