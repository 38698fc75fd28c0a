import { describe, expect, it } from 'vitest';
import { gateInputIrreps } from '../../../engine/math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, parseIrreps, scalarCopies } from '../../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';
import type { LossAttributes } from '../../../engine/ops/operators';
import type { NumberArray } from '../../../engine/ops/reference/reference';
import { references } from '../../../engine/ops/reference/references';
import { randomArray, randomLabels } from '../../support/random-array';

type Arrays = Record<string, NumberArray>;

/**
 * The gradient of <output, dy> along a random direction of each input, against central differences. An element that is wrong anywhere shows, because every
 * element moves.
 */
function expectGradients(inputs: Arrays, dy: NumberArray, forward: (inputs: Arrays) => NumberArray, gradients: Arrays): void {
  const step = 1e-5;
  expect(Object.keys(gradients).length).toBeGreaterThan(0);
  for (const [name, gradient] of Object.entries(gradients)) {
    expect(gradient.shape).toEqual(inputs[name].shape);
    for (const attempt of [1, 2]) {
      const direction = randomArray(`direction ${name} ${attempt}`, ...gradient.shape);
      const value = (sign: number): number => {
        const data = inputs[name].data.map((v, n) => v + sign * step * direction.data[n]);
        return dot(forward({ ...inputs, [name]: { shape: inputs[name].shape, data } }), dy);
      };
      const numeric = (value(1) - value(-1)) / (2 * step);
      const size = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
      expect(size).toBeGreaterThan(0);
      expect(Math.abs(dot(gradient, direction) - numeric) / size, name).toBeLessThan(1e-8);
    }
  }
}
const dot = (a: NumberArray, b: NumberArray): number => a.data.reduce((sum, value, n) => sum + value * b.data[n], 0);

describe('gradients of the references by finite differences', () => {
  const irreps = parseIrreps('2x0e+2x1e+1x2e');
  const voxels = [2, 4, 2, 6];
  const x = randomArray('x', ...voxels, dimension(irreps));

  it.each([3, 5])('SteerableConvolution of size %i', (kernelSize) => {
    const irrepsOut = parseIrreps('3x0e+1x1e+1x2e');
    const attributes = { irrepsIn: irreps, irrepsOut, harmonics: harmonicIrreps(2), lattice: { diameter: kernelSize, steps: [1, 1, 1], radialFunctions: 3, cutoff: true } } as const;
    const inputs = { x, weight: randomArray('weight', 3, weightsOf(pathsOf(irreps, irrepsOut, harmonicIrreps(2)))), self: randomArray('self', weightsOf(selfPathsOf(irreps, irrepsOut))) };
    const dy = randomArray('dy', ...voxels, dimension(irrepsOut));
    const { dx, dweight, dself } = references.SteerableConvolutionBackward({ dy, ...inputs }, attributes);
    expectGradients(inputs, dy, (i) => references.SteerableConvolution(i as typeof inputs, attributes).y, { x: dx, weight: dweight, self: dself });
  });

  it('SteerableConvolutionOfTwo', () => {
    const [irrepsIn, irrepsOut] = [parseIrreps('2x0e+1x1e+1x0e+1x1e'), parseIrreps('2x0e+1x1e')];
    const attributes = { irrepsIn, irrepsOut, harmonics: harmonicIrreps(2), lattice: { diameter: 3, steps: [1, 1, 1], radialFunctions: 3, cutoff: true } } as const;
    const inputs = { a: randomArray('a', ...voxels, 5), b: randomArray('b', ...voxels, 4), weight: randomArray('weight', 3, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonicIrreps(2)))), self: randomArray('self', weightsOf(selfPathsOf(irrepsIn, irrepsOut))) };
    const dy = randomArray('dy', ...voxels, dimension(irrepsOut));
    const { da, db, dweight, dself } = references.SteerableConvolutionOfTwoBackward({ dy, ...inputs }, attributes);
    expectGradients(inputs, dy, (i) => references.SteerableConvolutionOfTwo(i as typeof inputs, attributes).y, { a: da, b: db, weight: dweight, self: dself });
  });

  it('SelfConnection', () => {
    const attributes = { irrepsIn: irreps, irrepsOut: parseIrreps('3x0e+1x1e') };
    const inputs = { x, weight: randomArray('weight', weightsOf(selfPathsOf(attributes.irrepsIn, attributes.irrepsOut))), bias: randomArray('bias', 3) };
    const dy = randomArray('dy', ...voxels, 6);
    const { dx, dweight, dbias } = references.SelfConnectionBackward({ dy, x, weight: inputs.weight }, attributes);
    expectGradients(inputs, dy, (i) => references.SelfConnection(i as typeof inputs, attributes).y, { x: dx, weight: dweight, bias: dbias });
  });

  it('Convolution', () => {
    const inputs = { x, weight: randomArray('weight', 3, 3, 3, dimension(irreps), 4) };
    const dy = randomArray('dy', ...voxels, 4);
    const { dx } = references.ConvolutionBackwardInput({ dy, weight: inputs.weight }, {});
    const { dweight } = references.ConvolutionBackwardWeight({ dy, x }, { kernelSize: 3 });
    expectGradients(inputs, dy, (i) => references.Convolution(i as typeof inputs, {}).y, { x: dx, weight: dweight });
  });

  it('DepthwiseConvolution', () => {
    const inputs = { x, weight: randomArray('weight', 3, 3, 3, dimension(irreps)) };
    const dy = randomArray('dy', ...x.shape);
    const { dx } = references.DepthwiseConvolutionBackwardInput({ dy, weight: inputs.weight }, {});
    const { dweight } = references.DepthwiseConvolutionBackwardWeight({ dy, x }, { kernelSize: 3 });
    expectGradients(inputs, dy, (i) => references.DepthwiseConvolution(i as typeof inputs, {}).y, { x: dx, weight: dweight });
  });

  it('GatherRows', () => {
    const inputs = { weight: randomArray('weight', 4, 3) };
    const attributes = { rows: [3, 0, 3, 1, 0], shape: [5, 3] };
    const dy = randomArray('dy', 5, 3);
    expectGradients(inputs, dy, (i) => references.GatherRows(i as typeof inputs, attributes).y, { weight: references.GatherRowsBackward({ dy }, { rows: attributes.rows, shape: [4, 3] }).dweight });
  });

  it('GroupMaximum', () => {
    const grouped = randomArray('grouped', ...voxels, 12);
    const dy = randomArray('dy', ...voxels, 3);
    expectGradients({ x: grouped }, dy, (i) => references.GroupMaximum({ x: i.x }, { order: 4 }).y, { x: references.GroupMaximumBackward({ dy, x: grouped }, { order: 4 }).dx });
  });

  it.each(['root-mean-square', 'mean-norm'] as const)('InstanceNorm by %s', (by) => {
    const attributes = { irreps, epsilon: 1e-5, by };
    const inputs = { x, weight: randomArray('weight', copies(irreps)), bias: randomArray('bias', scalarCopies(irreps)) };
    const dy = randomArray('dy', ...x.shape);
    const { dx, dweight, dbias } = references.InstanceNormBackward({ dy, x, weight: inputs.weight }, attributes);
    expectGradients(inputs, dy, (i) => references.InstanceNorm(i as typeof inputs, attributes).y, { x: dx, weight: dweight, bias: dbias });
  });

  it('ScaleCopies', () => {
    const inputs = { x, scale: randomArray('scale', 2, copies(irreps)), shift: randomArray('shift', scalarCopies(irreps)) };
    const dy = randomArray('dy', ...x.shape);
    const { dscale, dshift } = references.ScaleCopiesBackward({ dy, x }, { irreps });
    expectGradients(inputs, dy, (i) => references.ScaleCopies(i as typeof inputs, { irreps }).y, { scale: dscale, shift: dshift });
  });

  it('Gate of odd irreps and degree 3', () => {
    const odd = parseIrreps('1x0o+2x0e+1x1o+1x1e+1x3o');
    const inputs = { x: randomArray('x', 1, 2, 2, 3, dimension(gateInputIrreps(odd))) };
    const dy = randomArray('dy', 1, 2, 2, 3, dimension(odd));
    expectGradients(inputs, dy, (i) => references.Gate(i as typeof inputs, { irreps: odd }).y, { x: references.GateBackward({ dy, ...inputs }, { irreps: odd }).dx });
  });

  it('Gate', () => {
    const inputs = { x: randomArray('x', ...voxels, dimension(gateInputIrreps(irreps))) };
    const dy = randomArray('dy', ...voxels, dimension(irreps));
    expectGradients(inputs, dy, (i) => references.Gate(i as typeof inputs, { irreps }).y, { x: references.GateBackward({ dy, ...inputs }, { irreps }).dx });
  });

  it('LeakyRelu', () => {
    const dy = randomArray('dy', ...x.shape);
    expectGradients({ x }, dy, (i) => references.LeakyRelu({ x: i.x }, { slope: 0.01 }).y, { x: references.LeakyReluBackward({ dy, x }, { slope: 0.01 }).dx });
  });

  it('MaxPool', () => {
    const dy = randomArray('dy', 2, 2, 1, 3, dimension(irreps));
    const attributes = { irreps, extent: [2, 2, 2] } as const;
    expectGradients({ x }, dy, (i) => references.MaxPool({ x: i.x }, attributes).y, { x: references.MaxPoolBackward({ dy, x }, attributes).dx });
  });

  it('MaxPool of odd scalars, by axis', () => {
    const odd = { irreps: parseIrreps('2x0o+1x0e+1x1o'), extent: [3, 1, 2] } as const;
    const [field, dy] = [randomArray('odd', 1, 4, 2, 6, 6), randomArray('dy', 1, 2, 2, 2, 6)];
    expectGradients({ x: field }, dy, (i) => references.MaxPool({ x: i.x }, odd).y, { x: references.MaxPoolBackward({ dy, x: field }, odd).dx });
  });

  it.each([['linear', [2, 1, 3]], ['average', [3, 2, 2]], ['low-pass', [2, 1, 2]], ['low-pass-up', [2, 2, 1]], ['pad', [1, 2, 0]], ['crop', [1, 1, 2]]] as const)('Resample %s', (method, amount) => {
    const attributes = { method, amount, size: [6, 2, 4] } as const;
    const dy = randomArray('dy', ...references.Resample({ x }, attributes).y.shape);
    expectGradients({ x }, dy, (i) => references.Resample({ x: i.x }, attributes).y, { x: references.ResampleBackward({ dy }, attributes).dx });
  });

  it.each<LossAttributes>([
    { dice: false },
    { dice: true },
    { crossEntropy: false, dice: true },
    { dice: false, classWeights: [0.5, 1, 2, 5] },
    { dice: true, classWeights: [0.5, 1, 2, 5], ignoreLabel: 1 },
  ])('SegmentationLoss, %o', (attributes) => {
    const [logits, labels, dloss] = [randomArray('logits', ...voxels, 4), randomLabels('labels', 4, ...voxels), { shape: [], data: Float64Array.of(3) }];
    const { dlogits } = references.SegmentationLossBackward({ dloss, logits, labels }, attributes);
    expectGradients({ logits }, dloss, (i) => references.SegmentationLoss({ logits: i.logits, labels }, attributes).loss, { logits: dlogits });
  });
});
