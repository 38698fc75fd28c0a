import { describe, expect, it } from 'vitest';
import type { RotationMatrix } from '../../../engine/contract/engine-api';
import { compose, rotateVector, rotationAbout } from '../../../engine/math/rotation';
import type { Vector3 } from '../../../engine/math/rotation';
import { clebschGordan } from '../../../engine/math/so3/clebsch-gordan';
import { copiesOf, dimension, harmonicIrreps, parseIrreps } from '../../../engine/math/so3/irreps';
import type { Irreps } from '../../../engine/math/so3/irreps';
import { lattice } from '../../../engine/math/so3/lattice';
import { radialBasis } from '../../../engine/math/so3/radial-basis';
import { sphericalHarmonics } from '../../../engine/math/so3/spherical-harmonics';
import { steerableKernel } from '../../../engine/math/so3/steerable-kernel';
import { pathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';
import { wignerD } from '../../../engine/math/so3/wigner-d';
import { randomArray } from '../../support/random-array';
import { relativeError } from '../../support/relative-error';

const rotation = rotationAbout([1, -2, 0.5], 77);
const other = rotationAbout([0.3, 1, 1], -140);

describe('laws of so3', () => {
  it.each([0, 1, 2, 3, 4])('degree %i: Y(R p) = D(R) Y(p), D(RS) = D(R) D(S), D orthogonal', (l) => {
    const size = 2 * l + 1;
    const point: Vector3 = [0.4, -1.7, 0.9];
    const y = (p: Vector3) => sphericalHarmonics(l, p).subarray(l * l);
    const d = wignerD(l, rotation);
    expect(relativeError(product(d, y(point), size), y(rotateVector(rotation, point)))).toBeLessThan(1e-13);
    expect(relativeError(product(d, wignerD(l, other), size), wignerD(l, compose(rotation, other)))).toBeLessThan(1e-13);
    const transposed = Float64Array.from(d, (_, n) => d[(n % size) * size + Math.floor(n / size)]);
    expect(relativeError(product(d, transposed, size), Float64Array.from(d, (_, n) => (n % (size + 1) === 0 ? 1 : 0)))).toBeLessThan(1e-13);
  });

  it('refuses to couple degrees outside the triangle', () => expect(() => clebschGordan(1, 1, 3)).toThrow('Degrees 1 and 1 do not couple to 3.'));
  it('refuses one radial function without cut-off', () => expect(() => radialBasis(1, 2.5, 1, false)).toThrow('cut-off'));

  it.each([
    [5, true, 80, [1, 2, 3, 4, 5, 6]],
    [5, false, 117, [0, 1, 2, 3, 4, 5, 6, 8, 9]],
    [5, 'left', 92, [1, 2, 3, 4, 5, 6, 8]],
    [5, 'right', 81, [0, 1, 2, 3, 4, 5, 6]],
    [3, true, 18, [1, 2]],
  ] as const)('lattice of size %i, cut-off %s: %i taps', (kernelSize, cutoff, count, shells) => {
    const { taps, points, reach } = lattice({ diameter: kernelSize, steps: [1, 1, 1], radialFunctions: 5, cutoff });
    expect([taps.length, points, ...reach.map((r) => 2 * r + 1)]).toEqual([count, kernelSize ** 3, kernelSize, kernelSize, kernelSize]);
    const found = taps.map(({ offset: [x, y, z] }) => x * x + y * y + z * z);
    expect([...new Set(found)].sort((a, b) => a - b)).toEqual(shells);
    expect(relativeError(taps.map(({ radius }) => radius ** 2), found)).toBeLessThan(1e-15);
  });

  it('the kernel as a function of position obeys K(R d) = D_out K(d) D_in^T at any rotation', () => {
    const irrepsIn = parseIrreps('2x0e+1x1e+1x2e');
    const irrepsOut = parseIrreps('1x0e+2x1e+1x2e');
    const harmonics = harmonicIrreps(2);
    const weight = randomArray('weight', 4, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))).data;
    const at = (offset: Vector3) => {
      const radius = Math.hypot(...offset);
      return steerableKernel({ irrepsIn, irrepsOut, harmonics, lattice: { reach: [2, 2, 2], points: 125, taps: [{ offset, point: offset, radius, basis: radialBasis(radius, 2.5, 4, true) }] } }, weight);
    };
    for (const offset of [[1, 0, 0], [-1, 2, 0.5], [0.3, 0.2, -1.1]] as const) {
      const [k, turned] = [at(offset), at(rotateVector(rotation, offset))];
      const [into, out] = [representation(irrepsIn, rotation), representation(irrepsOut, rotation)];
      const [m, n] = [dimension(irrepsIn), dimension(irrepsOut)];
      const expected = new Float64Array(m * n);
      for (let a = 0; a < m; a++) for (let i = 0; i < m; i++) for (let b = 0; b < n; b++) for (let o = 0; o < n; o++) expected[a * n + b] += into[a * m + i] * k[i * n + o] * out[b * n + o];
      expect(relativeError(turned, expected)).toBeLessThan(1e-13);
    }
  });
});

/** a [size, size] times b [size, any], row-major. */
function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const columns = b.length / size;
  return Float64Array.from(b, (_, n) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[Math.floor(n / columns) * size + k] * b[k * columns + (n % columns)];
    return sum;
  });
}

/** D of a whole field, block-diagonal. */
function representation(irreps: Irreps, r: RotationMatrix): Float64Array {
  const size = dimension(irreps);
  const matrix = new Float64Array(size * size);
  for (const { start, degree } of copiesOf(irreps)) wignerD(degree, r).forEach((value, n) => {
    const block = 2 * degree + 1;
    matrix[(start + Math.floor(n / block)) * size + start + (n % block)] = value;
  });
  return matrix;
}
