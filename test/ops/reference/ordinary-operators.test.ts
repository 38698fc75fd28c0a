import { describe, expect, it } from 'vitest';
import { dimension, harmonicIrreps, parseIrreps } from '../../../engine/math/so3/irreps';
import { lattice } from '../../../engine/math/so3/lattice';
import { steerableKernel } from '../../../engine/math/so3/steerable-kernel';
import { pathsOf, selfPathsOf, weightsOf } from '../../../engine/math/so3/steerable-paths';
import type { LossAttributes } from '../../../engine/ops/operators';
import { concatChannels } from '../../../engine/ops/reference/concat-channels';
import { zeros } from '../../../engine/ops/reference/reference';
import { references } from '../../../engine/ops/reference/references';
import { randomArray } from '../../support/random-array';
import { relativeError } from '../../support/relative-error';

describe('references that e3nn has no numbers for', () => {
  it('Convolution with the assembled steerable kernel is the steerable convolution', () => {
    const irreps = parseIrreps('1x0e+1x1e');
    const harmonics = harmonicIrreps(2);
    const spec = { diameter: 5, steps: [1, 1, 1], radialFunctions: 4, cutoff: true } as const;
    const [x, weight, self] = [randomArray('x', 2, 3, 4, 5, 4), randomArray('weight', 4, weightsOf(pathsOf(irreps, irreps, harmonics))), zeros([weightsOf(selfPathsOf(irreps, irreps))])];
    const grid = lattice(spec);
    const kernel = steerableKernel({ irrepsIn: irreps, irrepsOut: irreps, harmonics, lattice: grid }, weight.data);
    const size = dimension(irreps) ** 2;
    const dense = zeros([5, 5, 5, 4, 4]);
    grid.taps.forEach(({ offset: [ox, oy, oz] }, tap) => dense.data.set(kernel.subarray(tap * size, (tap + 1) * size), (((oz + 2) * 5 + oy + 2) * 5 + ox + 2) * size));
    const steerable = references.SteerableConvolution({ x, weight, self }, { irrepsIn: irreps, irrepsOut: irreps, harmonics, lattice: spec }).y;
    expect(relativeError(references.Convolution({ x, weight: dense }, {}).y.data, steerable.data)).toBeLessThan(1e-12);
  });

  it('DepthwiseConvolution is the convolution whose channels do not mix', () => {
    const [x, weight, dense] = [randomArray('x', 2, 3, 4, 5, 3), randomArray('weight', 3, 3, 3, 3), zeros([3, 3, 3, 3, 3])];
    weight.data.forEach((value, n) => { dense.data[Math.floor(n / 3) * 9 + (n % 3) * 4] = value; });
    expect(relativeError(references.DepthwiseConvolution({ x, weight }, {}).y.data, references.Convolution({ x, weight: dense }, {}).y.data)).toBeLessThan(1e-12);
  });

  it('GroupMaximum: the largest of each channel over the elements; of equal ones the first gets the gradient', () => {
    const x = { shape: [1, 1, 1, 1, 6], data: Float64Array.of(1, 5, 7, 5, 2, 0) };
    expect([...references.GroupMaximum({ x }, { order: 3 }).y.data]).toEqual([7, 5]);
    expect([...references.GroupMaximumBackward({ dy: { shape: [1, 1, 1, 1, 2], data: Float64Array.of(3, 4) }, x }, { order: 3 }).dx.data]).toEqual([0, 4, 3, 0, 0, 0]);
  });

  it('cross-entropy and soft Dice of two voxels by hand', () => {
    // p = (3/4, 1/4) and (1/4, 3/4), labels 0 and 1.
    const logits = { shape: [1, 1, 1, 2, 2], data: Float64Array.of(Math.log(3), 0, 0, Math.log(3)) };
    const labels = { shape: [1, 1, 1, 2], data: Float64Array.of(0, 1) };
    const crossEntropy = Math.log(4 / 3);
    expect(references.SegmentationLoss({ logits, labels }, { dice: false }).loss.data[0]).toBeCloseTo(crossEntropy, 14);
    expect(references.SegmentationLoss({ logits, labels }, { dice: true }).loss.data[0]).toBeCloseTo(crossEntropy + 1 - (2 * 0.75 + 1) / (1 + 1 + 1), 14);
  });

  it('soft Dice alone, class weights and a label to ignore, by hand', () => {
    // p = (3/4, 1/4), (1/4, 3/4) and (1/2, 1/2), labels 0, 1 and 1; PyTorch's weighted mean is (1 log 4/3 + 3 log 4/3 + 3 log 2) / (1 + 3 + 3)
    const logits = { shape: [1, 1, 1, 3, 2], data: Float64Array.of(Math.log(3), 0, 0, Math.log(3), 0, 0) };
    const labels = { shape: [1, 1, 1, 3], data: Float64Array.of(0, 1, 1) };
    const loss = (attributes: LossAttributes, last = 1) => references.SegmentationLoss({ logits, labels: { ...labels, data: labels.data.with(2, last) } }, attributes).loss.data[0];
    expect(loss({ dice: false, classWeights: [1, 3] })).toBeCloseTo((4 * Math.log(4 / 3) + 3 * Math.log(2)) / 7, 14);
    expect(loss({ crossEntropy: false, dice: true })).toBeCloseTo(1 - (2 * 1.25 + 1) / (1.5 + 2 + 1), 14);
    expect(loss({ dice: false, classWeights: [1, 3], ignoreLabel: 255 }, 255)).toBeCloseTo(Math.log(4 / 3), 14);
    expect(loss({ crossEntropy: false, dice: true, ignoreLabel: 255 }, 255)).toBeCloseTo(1 - (2 * 0.75 + 1) / (1 + 1 + 1), 14);
    // three classes, p = 1/3 each, labels 1, 1, 2: Dice of class 1 is (2 2/3 + 1) / (1 + 2 + 1), of class 2 (2 1/3 + 1) / (1 + 1 + 1); background's weight has no part
    const even = { logits: { shape: [1, 1, 1, 3, 3], data: new Float64Array(9) }, labels: { shape: [1, 1, 1, 3], data: Float64Array.of(1, 1, 2) } };
    expect(references.SegmentationLoss(even, { crossEntropy: false, dice: true, classWeights: [9, 1, 3] }).loss.data[0]).toBeCloseTo((1 * (1 - 7 / 12) + 3 * (1 - 5 / 9)) / 4, 14);
  });

  it('the first channel wins a tie', () => {
    expect([...references.ArgMaxChannels({ x: { shape: [1, 1, 1, 3, 3], data: Float64Array.of(1, 1, 0, 0, 2, 2, -3, -2, -1) } }, {}).labels.data]).toEqual([0, 1, 2]);
  });

  it('Adam under a constant gradient steps by the learning rate; then by the paper', () => {
    const [value, mean, square] = [zeros([2]), zeros([2]), zeros([2])];
    const attributes = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    for (const step of [1, 2, 3]) references.AdamStep({ value, gradient: { shape: [2], data: Float64Array.of(4, -0.5) }, mean, square }, { ...attributes, step });
    expect(value.data[0]).toBeCloseTo(-0.3, 8);
    expect(value.data[1]).toBeCloseTo(0.3, 7);
    references.AdamStep({ value, gradient: { shape: [2], data: Float64Array.of(0, 0) }, mean, square }, { ...attributes, step: 4 });
    const m = 4 * (1 - 0.9 ** 3) * 0.9 / (1 - 0.9 ** 4);
    const v = 16 * (1 - 0.999 ** 3) * 0.999 / (1 - 0.999 ** 4);
    expect(value.data[0]).toBeCloseTo(-0.3 - (0.1 * m) / Math.sqrt(v), 8);
  });

  it('LeakyRelu', () => {
    expect([...references.LeakyRelu({ x: { shape: [3], data: Float64Array.of(-2, 0, 3) } }, { slope: 0.25 }).y.data]).toEqual([-0.5, 0, 3]);
  });

  it('MaxPool: of equal norms the mean, which a rotation does not change; of equal scalars one gradient', () => {
    // A vector of norm 1 at the voxels (x, y, z) = (0, 1, 0), (1, 0, 0) and (0, 0, 1), one of norm 0.9 elsewhere.
    const x = zeros([1, 2, 2, 2, 3]);
    const at = (vx: number, vy: number, vz: number) => ((vz * 2 + vy) * 2 + vx) * 3;
    x.data[at(0, 1, 0)] = 1;
    x.data[at(1, 0, 0) + 1] = 1;
    x.data[at(0, 0, 1) + 2] = -1;
    x.data[at(1, 1, 1)] = 0.9;
    const irreps = parseIrreps('1x1e');
    expect([...references.MaxPool({ x }, { irreps, extent: [2, 2, 2] }).y.data]).toEqual([1 / 3, 1 / 3, -1 / 3]);
    const dy = { shape: [1, 1, 1, 1, 3], data: Float64Array.of(3, 0, 0) };
    const dx = references.MaxPoolBackward({ dy, x }, { irreps, extent: [2, 2, 2] }).dx.data;
    expect([at(0, 1, 0), at(1, 0, 0), at(0, 0, 1), at(1, 1, 1)].map((voxel) => dx[voxel])).toEqual([1, 1, 1, 0]);
    const scalars = { shape: [1, 2, 2, 2, 1], data: new Float64Array(8).fill(5) };
    expect([...references.MaxPoolBackward({ dy: { shape: [1, 1, 1, 1, 1], data: Float64Array.of(2) }, x: scalars }, { irreps: parseIrreps('1x0e'), extent: [2, 2, 2] }).dx.data]).toEqual([2, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('the concatenation that operators of two tensors are defined by', () => {
    const join = concatChannels({ shape: [1, 1, 1, 2, 1], data: Float64Array.of(1, 2) }, { shape: [1, 1, 1, 2, 2], data: Float64Array.of(3, 4, 5, 6) });
    expect(join).toEqual({ shape: [1, 1, 1, 2, 3], data: Float64Array.of(1, 3, 4, 2, 5, 6) });
  });
});
