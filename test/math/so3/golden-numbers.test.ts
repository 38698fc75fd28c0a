import { describe, expect, it } from 'vitest';
import { clebschGordan } from '../../../engine/math/so3/clebsch-gordan';
import { radialBasis, softUnitStep } from '../../../engine/math/so3/radial-basis';
import type { Cutoff } from '../../../engine/math/so3/radial-basis';
import { sphericalHarmonics } from '../../../engine/math/so3/spherical-harmonics';
import { wignerD } from '../../../engine/math/so3/wigner-d';
import { relativeError } from '../../support/relative-error';
import { fixtureFile, goldenFile } from '../../support/safetensors-file';

const tolerance = 1e-12;
const rows = ({ shape, data }: { shape: readonly number[]; data: Float64Array }): Float64Array[] => {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, n) => data.slice(n * size, (n + 1) * size));
};

describe.each([
  ['golden', goldenFile],
  ['fixtures', fixtureFile],
] as const)('so3 against e3nn: %s', (_, open) => {
  const harmonics = open('spherical_harmonics');
  it.skipIf(!harmonics)('spherical harmonics, component and norm', () => {
    let checked = 0;
    for (const group of ['random', 'lattice']) for (const normalization of ['component', 'norm'] as const) {
      if (!harmonics!.has(`${group}/${normalization}`)) continue;
      const points = rows(harmonics!.get(`${group}/points`));
      const values = points.flatMap((p) => [...sphericalHarmonics(4, [p[0], p[1], p[2]], normalization)]);
      expect(relativeError(values, harmonics!.get(`${group}/${normalization}`).data)).toBeLessThan(tolerance);
      checked++;
    }
    expect(checked).toBeGreaterThanOrEqual(3);
  });

  const wigner = open('wigner');
  it.skipIf(!wigner)('Clebsch-Gordan coefficients', () => {
    const names = wigner!.names.filter((name) => name.startsWith('w3j/'));
    expect(names.length).toBe(65);
    for (const name of names) {
      const [l1, l2, l3] = name.slice(4).split('_').map(Number);
      expect(relativeError(clebschGordan(l1, l2, l3), wigner!.get(name).data), name).toBeLessThan(tolerance);
    }
  });
  it.skipIf(!wigner)('Wigner D', () => {
    const matrices = rows(wigner!.get('D/matrix'));
    const groups = [{ name: 'D', matrices }, ...(wigner!.has('cube/matrix') ? [{ name: 'cube', matrices: rows(wigner!.get('cube/matrix')) }] : [])];
    for (const group of groups) for (let l = 0; l <= 4; l++) rows(wigner!.get(`${group.name}/l${l}`)).forEach((d, n) => {
      expect(relativeError(wignerD(l, [...group.matrices[n]]), d), `${group.name} ${l}`).toBeLessThan(tolerance);
    });
  });

  const radial = open('radial_basis');
  it.skipIf(!radial)('radial basis', () => {
    const steps = radial!.get('soft_unit_step/x').data;
    expect(relativeError(steps.map(softUnitStep), radial!.get('soft_unit_step/y').data)).toBeLessThan(tolerance);
    const smooth = Object.entries(radial!.cases).filter(([, { basis }]) => basis === 'smooth_finite');
    expect(smooth.length).toBeGreaterThanOrEqual(8);
    for (const [name, { end, number, cutoff }] of smooth) {
      const values = [...radial!.get(`${name}/r`).data].flatMap((r) => radialBasis(r, end as number, number as number, cutoff as Cutoff));
      expect(relativeError(values, radial!.get(`${name}/y`).data), name).toBeLessThan(tolerance);
    }
  });
});
