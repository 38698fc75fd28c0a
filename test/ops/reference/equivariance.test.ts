import { describe, expect, it } from 'vitest';
import { cubeRotations } from '../../../engine/math/rotation';
import { gateInputIrreps } from '../../../engine/math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, parseIrreps, scalarCopies } from '../../../engine/math/so3/irreps';
import type { Irreps } from '../../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';
import type { NumberArray } from '../../../engine/ops/reference/reference';
import { references } from '../../../engine/ops/reference/references';
import { randomArray } from '../../support/random-array';
import { relativeError } from '../../support/relative-error';
import { turnedField } from '../../support/turned-field';

/** f(R x) = R f(x) for the 24 rotations of the cube. */
function expectEquivariant(side: number, irrepsIn: Irreps, irrepsOut: Irreps, operator: (x: NumberArray) => NumberArray): void {
  const x = randomArray('x', 1, side, side, side, dimension(irrepsIn));
  const y = operator(x);
  expect(cubeRotations.length).toBe(24);
  for (const { matrix } of cubeRotations) {
    const turned = operator(turnedField(x, irrepsIn, matrix));
    expect(relativeError(turned.data, turnedField(y, irrepsOut, matrix).data)).toBeLessThan(1e-12);
  }
}

describe('steerable references commute with the rotations of the cube', () => {
  const irreps = parseIrreps('2x0e+2x1e+1x2e');
  const irrepsOut = parseIrreps('3x0e+1x1e+2x2e');

  it.each([3, 5])('SteerableConvolution of size %i', (kernelSize) => {
    const attributes = { irrepsIn: irreps, irrepsOut, harmonics: harmonicIrreps(2), lattice: { diameter: kernelSize, steps: [1, 1, 1], radialFunctions: 5, cutoff: true } } as const;
    const weight = randomArray('weight', 5, weightsOf(pathsOf(irreps, irrepsOut, harmonicIrreps(2))));
    const self = randomArray('self', weightsOf(selfPathsOf(irreps, irrepsOut)));
    expectEquivariant(4, irreps, irrepsOut, (x) => references.SteerableConvolution({ x, weight, self }, attributes).y);
  });
  it('SteerableConvolution in O(3), also with the reflections', () => {
    const [from, to, harmonics] = [parseIrreps('1x0e+1x0o+1x1o+1x2o'), parseIrreps('1x0o+1x0e+1x1e+1x1o+1x3o'), harmonicIrreps(3, -1)];
    const attributes = { irrepsIn: from, irrepsOut: to, harmonics, lattice: { diameter: 3.5, steps: [1, 1, 1], radialFunctions: 3, cutoff: false } } as const;
    const weight = randomArray('weight', 3, weightsOf(pathsOf(from, to, harmonics)));
    const self = randomArray('self', weightsOf(selfPathsOf(from, to)));
    const run = (x: NumberArray) => references.SteerableConvolution({ x, weight, self }, attributes).y;
    const x = randomArray('x', 1, 3, 3, 3, dimension(from));
    for (const { matrix } of cubeRotations) for (const one of [matrix, matrix.map((element) => -element)]) expect(relativeError(run(turnedField(x, from, one)).data, turnedField(run(x), to, one).data)).toBeLessThan(1e-12);
  });
  it('SelfConnection', () => {
    const weight = randomArray('weight', weightsOf(selfPathsOf(irreps, irrepsOut)));
    expectEquivariant(3, irreps, irrepsOut, (x) => references.SelfConnection({ x, weight, bias: randomArray('bias', 3) }, { irrepsIn: irreps, irrepsOut }).y);
  });
  it('InstanceNorm', () => {
    const [weight, bias] = [randomArray('weight', copies(irreps)), randomArray('bias', scalarCopies(irreps))];
    expectEquivariant(4, irreps, irreps, (x) => references.InstanceNorm({ x, weight, bias }, { irreps, epsilon: 1e-5 }).y);
  });
  it('Gate', () => expectEquivariant(3, gateInputIrreps(irreps), irreps, (x) => references.Gate({ x }, { irreps }).y));
  it('MaxPool', () => expectEquivariant(4, irreps, irreps, (x) => references.MaxPool({ x }, { irreps, extent: [2, 2, 2] }).y));
  it('InstanceNorm by mean norm', () => {
    const [weight, bias] = [randomArray('weight', copies(irreps)), randomArray('bias', scalarCopies(irreps))];
    expectEquivariant(4, irreps, irreps, (x) => references.InstanceNorm({ x, weight, bias }, { irreps, epsilon: 1e-5, by: 'mean-norm' }).y);
  });
  it('ScaleCopies', () => expectEquivariant(3, irreps, irreps, (x) => references.ScaleCopies({ x, scale: randomArray('scale', 1, copies(irreps)), shift: randomArray('shift', scalarCopies(irreps)) }, { irreps }).y));
  it('Gate of odd irreps and degree 3', () => {
    const odd = parseIrreps('1x0e+1x0o+1x1o+1x1e+1x3o');
    expectEquivariant(3, gateInputIrreps(odd), odd, (x) => references.Gate({ x }, { irreps: odd }).y);
  });
  it.each([['linear', 3], ['average', 4], ['low-pass', 5], ['low-pass-up', 3]] as const)('Resample %s', (method, side) => {
    // the output has another size: it must be the turned one of its own size
    const x = randomArray('x', 1, side, side, side, dimension(irreps));
    const attributes = { method, amount: [2, 2, 2], size: [side, side, side] } as const;
    const { y } = references.Resample({ x }, attributes);
    for (const { matrix } of cubeRotations) expect(relativeError(references.Resample({ x: turnedField(x, irreps, matrix) }, attributes).y.data, turnedField(y, irreps, matrix).data)).toBeLessThan(1e-12);
  });
});
