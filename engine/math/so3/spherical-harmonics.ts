/** @file Real spherical harmonics in e3nn's basis: Y_1 = sqrt(3) (x, y, z), polar axis y. */
import { clebschGordan } from './clebsch-gordan';

/**
 * Y_0 to Y_maximumDegree in the direction of a point (its length does not matter). At the origin Y_0 = 1 and the others vanish.
 * `component`: the squares of a degree sum to 2l + 1. `norm`: they sum to 1. Equal to e3nn's `spherical_harmonics(..., normalize=True)`.
 * @returns (maximumDegree + 1)^2 values; degree l occupies l^2 to (l + 1)^2 - 1.
 */
export function sphericalHarmonics(maximumDegree: number, point: readonly [x: number, y: number, z: number], normalization: 'component' | 'norm' = 'component'): Float64Array {
  const all = new Float64Array((maximumDegree + 1) ** 2);
  all[0] = 1;
  if (Math.hypot(...point) === 0) return all;
  for (let l = 1; l <= maximumDegree; l++) {
    // Y_l is the part of degree l in the product of Y_(l-1) and the vector, brought to length.
    const coupling = clebschGordan(l, l - 1, 1);
    const size = 2 * l + 1;
    const values = new Float64Array(size);
    for (let i = 0; i < size; i++) for (let j = 0; j < size - 2; j++) for (let k = 0; k < 3; k++) values[i] += coupling[(i * (size - 2) + j) * 3 + k] * all[(l - 1) ** 2 + j] * point[k];
    const scale = (normalization === 'component' ? Math.sqrt(size) : 1) / Math.hypot(...values);
    for (let i = 0; i < size; i++) all[l * l + i] = values[i] * scale;
  }
  return all;
}
