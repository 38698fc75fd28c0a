import { grads, tensor, tidy, variable } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor2D, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gateInputIrreps } from '../../engine/math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, parseIrreps, scalarCopies } from '../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import { adamStep } from '../../engine/ops/adam-step';
import { argMaxChannels } from '../../engine/ops/arg-max-channels';
import { convolution } from '../../engine/ops/convolution';
import { depthwiseConvolution } from '../../engine/ops/depthwise-convolution';
import { gatherRows } from '../../engine/ops/gather-rows';
import { gate } from '../../engine/ops/gate';
import { groupMaximum } from '../../engine/ops/group-maximum';
import { instanceNorm } from '../../engine/ops/instance-norm';
import { leakyRelu } from '../../engine/ops/leaky-relu';
import { maxPool } from '../../engine/ops/max-pool';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { references } from '../../engine/ops/reference/references';
import { resample } from '../../engine/ops/resample';
import { scaleCopies } from '../../engine/ops/scale-copies';
import { segmentationLoss } from '../../engine/ops/segmentation-loss';
import { selfConnection } from '../../engine/ops/self-connection';
import { steerableConvolution } from '../../engine/ops/steerable-convolution';
import { randomArray, randomLabels } from '../support/random-array';
import { useReferenceBackend } from '../support/reference-backend';
import { relativeError } from '../support/relative-error';

beforeAll(useReferenceBackend);

const toTensor = ({ shape, data }: NumberArray, type: 'float32' | 'int32' = 'float32'): Tensor => tensor([...data], [...shape], type);

/** Runs an operator under tfjs's tape and compares output and gradients with its references: that inputs are saved, named and handed back rightly. */
function expectWiring(inputs: Record<string, NumberArray>, operator: (inputs: Record<string, Tensor>) => Tensor, expected: NumberArray, dy: NumberArray, gradients: Record<string, NumberArray>): void {
  const names = Object.keys(inputs);
  expect(Object.keys(gradients).sort()).toEqual([...names].sort());
  tidy(() => {
    const run = (...tensors: Tensor[]): Tensor => operator(Object.fromEntries(names.map((name, n) => [name, tensors[n]])));
    const tensors = names.map((name) => toTensor(inputs[name]));
    const y = run(...tensors);
    expect(y.shape).toEqual(expected.shape);
    expect(relativeError(y.dataSync(), expected.data)).toBeLessThan(1e-6);
    grads(run)(tensors, toTensor(dy)).forEach((gradient, n) => {
      expect(gradient.shape, names[n]).toEqual(gradients[names[n]].shape);
      expect(relativeError(gradient.dataSync(), gradients[names[n]].data), names[n]).toBeLessThan(1e-6);
    });
  });
}

const irreps = parseIrreps('2x0e+1x1e+1x2e');
const voxels = [1, 2, 4, 2];
const x = randomArray('x', ...voxels, dimension(irreps));
const dy = randomArray('dy', ...x.shape);

describe('operators under the tape', () => {
  it('steerableConvolution', () => {
    const irrepsOut = parseIrreps('1x0e+1x1e');
    const attributes = { irrepsIn: irreps, irrepsOut, harmonics: harmonicIrreps(2), lattice: { diameter: 3, steps: [1, 1, 1], radialFunctions: 3, cutoff: true } } as const;
    const inputs = { x, weight: randomArray('weight', 3, weightsOf(pathsOf(irreps, irrepsOut, harmonicIrreps(2)))), self: randomArray('self', weightsOf(selfPathsOf(irreps, irrepsOut))) };
    const cotangent = randomArray('dy', ...voxels, 4);
    const { dx, dweight, dself } = references.SteerableConvolutionBackward({ dy: cotangent, ...inputs }, attributes);
    expectWiring(inputs, (t) => steerableConvolution(t.x as Tensor5D, t.weight as Tensor2D, t.self as Tensor1D, attributes), references.SteerableConvolution(inputs, attributes).y, cotangent, { x: dx, weight: dweight, self: dself });
  });

  it('steerableConvolution of two', () => {
    const [irrepsIn, irrepsOut] = [parseIrreps('2x0e+1x1e+1x2e+1x0e+1x1e'), parseIrreps('1x0e+1x1e')];
    const attributes = { irrepsIn, irrepsOut, harmonics: harmonicIrreps(2), lattice: { diameter: 3, steps: [1, 1, 1], radialFunctions: 3, cutoff: true } } as const;
    const inputs = { a: x, b: randomArray('b', ...voxels, 4), weight: randomArray('weight', 3, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonicIrreps(2)))), self: randomArray('self', weightsOf(selfPathsOf(irrepsIn, irrepsOut))) };
    const cotangent = randomArray('dy', ...voxels, 4);
    const { da, db, dweight, dself } = references.SteerableConvolutionOfTwoBackward({ dy: cotangent, ...inputs }, attributes);
    expectWiring(inputs, (t) => steerableConvolution(t.a as Tensor5D, t.weight as Tensor2D, t.self as Tensor1D, attributes, t.b as Tensor5D), references.SteerableConvolutionOfTwo(inputs, attributes).y, cotangent, { a: da, b: db, weight: dweight, self: dself });
  });

  it('selfConnection', () => {
    const attributes = { irrepsIn: irreps, irrepsOut: parseIrreps('3x0e+1x1e') };
    const inputs = { x, weight: randomArray('weight', weightsOf(selfPathsOf(irreps, attributes.irrepsOut))), bias: randomArray('bias', 3) };
    const cotangent = randomArray('dy', ...voxels, 6);
    const { dx, dweight, dbias } = references.SelfConnectionBackward({ dy: cotangent, ...inputs }, attributes);
    expectWiring(inputs, (t) => selfConnection(t.x as Tensor5D, t.weight as Tensor1D, t.bias as Tensor1D, attributes), references.SelfConnection(inputs, attributes).y, cotangent, { x: dx, weight: dweight, bias: dbias });
  });

  it('convolution', () => {
    const inputs = { x, weight: randomArray('weight', 3, 3, 3, x.shape[4], 2) };
    const cotangent = randomArray('dy', ...voxels, 2);
    const gradients = { x: references.ConvolutionBackwardInput({ dy: cotangent, weight: inputs.weight }, {}).dx, weight: references.ConvolutionBackwardWeight({ dy: cotangent, x }, { kernelSize: 3 }).dweight };
    expectWiring(inputs, (t) => convolution(t.x as Tensor5D, t.weight as Tensor5D), references.Convolution(inputs, {}).y, cotangent, gradients);
  });

  it('depthwiseConvolution', () => {
    const inputs = { x, weight: randomArray('weight', 3, 3, 3, x.shape[4]) };
    const gradients = { x: references.DepthwiseConvolutionBackwardInput({ dy, weight: inputs.weight }, {}).dx, weight: references.DepthwiseConvolutionBackwardWeight({ dy, x }, { kernelSize: 3 }).dweight };
    expectWiring(inputs, (t) => depthwiseConvolution(t.x as Tensor5D, t.weight as Tensor4D), references.DepthwiseConvolution(inputs, {}).y, dy, gradients);
  });

  it('gatherRows', () => {
    const inputs = { weight: randomArray('weight', 2, 3, 4) };
    const attributes = { rows: [5, 0, 0, 1], shape: [2, 8] };
    const cotangent = randomArray('dy', 2, 8);
    expectWiring(inputs, (t) => gatherRows(t.weight, attributes), references.GatherRows(inputs, attributes).y, cotangent, { weight: references.GatherRowsBackward({ dy: cotangent }, { rows: attributes.rows, shape: [2, 3, 4] }).dweight });
  });

  it('groupMaximum', () => {
    const cotangent = randomArray('dy', ...voxels, x.shape[4] / 2);
    expectWiring({ x }, (t) => groupMaximum(t.x as Tensor5D, { order: 2 }), references.GroupMaximum({ x }, { order: 2 }).y, cotangent, { x: references.GroupMaximumBackward({ dy: cotangent, x }, { order: 2 }).dx });
  });

  it('convolution of two', () => {
    const inputs = { a: x, b: randomArray('b', ...voxels, 3), weight: randomArray('weight', 3, 3, 3, x.shape[4] + 3, 2) };
    const cotangent = randomArray('dy', ...voxels, 2);
    const { da, db } = references.ConvolutionOfTwoBackwardInput({ dy: cotangent, weight: inputs.weight }, { channelsA: x.shape[4] });
    const { dweight } = references.ConvolutionOfTwoBackwardWeight({ dy: cotangent, ...inputs }, { kernelSize: 3 });
    expectWiring(inputs, (t) => convolution(t.a as Tensor5D, t.weight as Tensor5D, t.b as Tensor5D), references.ConvolutionOfTwo(inputs, {}).y, cotangent, { a: da, b: db, weight: dweight });
  });

  it('instanceNorm', () => {
    const attributes = { irreps, epsilon: 1e-5 };
    const inputs = { x, weight: randomArray('weight', copies(irreps)), bias: randomArray('bias', scalarCopies(irreps)) };
    const { dx, dweight, dbias } = references.InstanceNormBackward({ dy, x, weight: inputs.weight }, attributes);
    expectWiring(inputs, (t) => instanceNorm(t.x as Tensor5D, t.weight as Tensor1D, t.bias as Tensor1D, attributes), references.InstanceNorm(inputs, attributes).y, dy, { x: dx, weight: dweight, bias: dbias });
  });

  it('gate', () => {
    const inputs = { x: randomArray('x', ...voxels, dimension(gateInputIrreps(irreps))) };
    expectWiring(inputs, (t) => gate(t.x as Tensor5D, { irreps }), references.Gate(inputs, { irreps }).y, dy, { x: references.GateBackward({ dy, ...inputs }, { irreps }).dx });
  });

  it('leakyRelu', () => expectWiring({ x }, (t) => leakyRelu(t.x, { slope: 0.1 }), references.LeakyRelu({ x }, { slope: 0.1 }).y, dy, { x: references.LeakyReluBackward({ dy, x }, { slope: 0.1 }).dx }));

  it('maxPool', () => {
    const cotangent = randomArray('dy', 1, 1, 2, 1, x.shape[4]);
    const attributes = { irreps, extent: [2, 2, 2] } as const;
    expectWiring({ x }, (t) => maxPool(t.x as Tensor5D, attributes), references.MaxPool({ x }, attributes).y, cotangent, { x: references.MaxPoolBackward({ dy: cotangent, x }, attributes).dx });
  });

  it('scaleCopies', () => {
    const inputs = { x, scale: randomArray('scale', 1, copies(irreps)), shift: randomArray('shift', scalarCopies(irreps)) };
    const { dscale, dshift } = references.ScaleCopiesBackward({ dy, x }, { irreps });
    const dx = references.ScaleCopies({ x: dy, scale: inputs.scale, shift: { shape: inputs.shift.shape, data: new Float64Array(inputs.shift.data.length) } }, { irreps }).y;
    expectWiring(inputs, (t) => scaleCopies(t.x as Tensor5D, t.scale as Tensor2D, t.shift as Tensor1D, { irreps }), references.ScaleCopies(inputs, { irreps }).y, dy, { x: dx, scale: dscale, shift: dshift });
  });

  it('resample', () => {
    const cotangent = randomArray('dy', 1, 4, 8, 4, x.shape[4]);
    const attributes = { method: 'linear', amount: [2, 2, 2], size: [2, 4, 2] } as const;
    expectWiring({ x }, (t) => resample(t.x as Tensor5D, 'linear', [2, 2, 2]), references.Resample({ x }, attributes).y, cotangent, { x: references.ResampleBackward({ dy: cotangent }, attributes).dx });
  });

  it('segmentationLoss', () => {
    const [labels, dloss] = [randomLabels('labels', 4, ...voxels), { shape: [], data: Float64Array.of(2) }];
    const logits = randomArray('logits', ...voxels, 4);
    const gradients = { logits: references.SegmentationLossBackward({ dloss, logits, labels }, { dice: true }).dlogits };
    expectWiring({ logits }, (t) => segmentationLoss(t.logits as Tensor5D, toTensor(labels, 'int32') as Tensor4D, { dice: true }), references.SegmentationLoss({ logits, labels }, { dice: true }).loss, dloss, gradients);
  });

  it('argMaxChannels gives int32 labels', () => {
    const labels = argMaxChannels(toTensor(x) as Tensor5D);
    expect(labels.dtype).toBe('int32');
    expect([...labels.dataSync()]).toEqual([...references.ArgMaxChannels({ x }, {}).labels.data]);
  });

  it('adamStep changes value and moments in place', () => {
    const attributes = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 };
    const [value, mean, square] = [[1, 2], [0, 0], [0, 0]].map((values) => variable(tensor(values)));
    adamStep(value, tensor([5, -5]), mean, square, attributes);
    expect(relativeError(value.dataSync(), [0.9, 2.1])).toBeLessThan(1e-6);
    expect(relativeError(mean.dataSync(), [0.5, -0.5])).toBeLessThan(1e-6);
    expect(relativeError(square.dataSync(), [0.025, 0.025])).toBeLessThan(1e-6);
  });
});

describe('operators refuse what does not fit, with both shapes', () => {
  const zero = (...shape: number[]): Tensor => toTensor({ shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) });
  const volume = (channels: number): Tensor5D => zero(1, 2, 2, 2, channels) as Tensor5D;
  const vector = (size: number): Tensor1D => zero(size) as Tensor1D;
  const pair = { irrepsIn: irreps, irrepsOut: irreps };
  const attributes = { ...pair, harmonics: harmonicIrreps(2), lattice: { diameter: 3, steps: [1, 1, 1], radialFunctions: 2, cutoff: true } } as const;
  const columns = weightsOf(pathsOf(irreps, irreps, harmonicIrreps(2)));

  it.each<[string, () => unknown, string]>([
    ['channels of a convolution', () => steerableConvolution(volume(9), zero(2, columns) as Tensor2D, vector(6), attributes), 'SteerableConvolution got x of shape [1, 2, 2, 2, 9]'],
    ['radial functions', () => steerableConvolution(volume(10), zero(3, columns) as Tensor2D, vector(6), attributes), `SteerableConvolution got weight of shape [3, ${columns}]`],
    ['self weights', () => steerableConvolution(volume(10), zero(2, columns) as Tensor2D, vector(5), attributes), 'SteerableConvolution got self of shape [5]'],
    ['bias of a self-connection', () => selfConnection(volume(10), vector(6), vector(3), pair), 'SelfConnection got bias of shape [3]'],
    ['scalars behind vectors', () => selfConnection(volume(10), vector(6), vector(2), { irrepsIn: irreps, irrepsOut: parseIrreps('1x1e+2x0e') }), '1x1e+2x0e'],
    ['even kernels', () => convolution(volume(2), zero(2, 2, 2, 2, 2) as Tensor5D), 'kernel of 2 voxels'],
    ['other input channels', () => convolution(volume(2), zero(3, 3, 3, 3, 2) as Tensor5D), 'Convolution got x of shape [1, 2, 2, 2, 2]'],
    ['even depthwise kernels', () => depthwiseConvolution(volume(2), zero(2, 2, 2, 2) as Tensor4D), 'kernel of 2 voxels'],
    ['other channels of a depthwise kernel', () => depthwiseConvolution(volume(2), zero(3, 3, 3, 4) as Tensor4D), 'DepthwiseConvolution got x of shape [1, 2, 2, 2, 2]'],
    ['too few rows', () => gatherRows(zero(3, 2), { rows: [0, 1], shape: [3, 2] }), 'GatherRows got 2 rows of 2 for the shape [3, 2]'],
    ['a row that is not there', () => gatherRows(zero(3, 2), { rows: [0, 3], shape: [2, 2] }), 'not among the 3'],
    ['channels that a group does not divide', () => groupMaximum(volume(10), { order: 4 }), '10 channels for a group of 4 elements'],
    ['norm weights', () => instanceNorm(volume(10), vector(3), vector(2), { irreps, epsilon: 1e-5 }), 'InstanceNorm got weight of shape [3]'],
    ['a gate without gates', () => gate(volume(10), { irreps }), 'Gate got x of shape [1, 2, 2, 2, 10]'],
    ['gated irreps out of order', () => gate(volume(10), { irreps: parseIrreps('1x1e+2x0e') }), '1x1e+2x0e'],
    ['odd sizes', () => maxPool(zero(1, 2, 3, 2, 10) as Tensor5D, { irreps, extent: [2, 2, 2] }), 'volume of [2, 3, 2] voxels'],
    ['sizes an average leaves over', () => resample(zero(1, 2, 3, 2, 10) as Tensor5D, 'average', [2, 2, 2]), 'volume of 2 x 3 x 2 voxels'],
    ['half a voxel', () => resample(volume(2), 'linear', [1.5, 2, 2]), 'amount 1.5 x 2 x 2'],
    ['factors of copies', () => scaleCopies(volume(10), zero(1, 3) as Tensor2D, vector(2), { irreps }), 'ScaleCopies got scale of shape [1, 3]'],
    ['another rank', () => resample(zero(2, 2, 2) as Tensor5D, 'linear', [2, 2, 2]), 'Resample got x of shape [2, 2, 2]'],
    ['skips of another size', () => steerableConvolution(volume(5), zero(2, columns) as Tensor2D, vector(6), attributes, zero(1, 2, 2, 4, 5) as Tensor5D), 'SteerableConvolutionOfTwo got b of shape [1, 2, 2, 4, 5]'],
    ['half a vector', () => steerableConvolution(volume(3), zero(2, columns) as Tensor2D, vector(6), attributes, volume(7)), 'got 3 channels first, where no entry of 2x0e+1x1e+1x2e begins'],
    ['float labels', () => segmentationLoss(volume(3), zero(1, 2, 2, 2) as Tensor4D, { dice: false }), 'labels of shape [1, 2, 2, 2] and type float32'],
    ['one class', () => segmentationLoss(volume(1), zero(1, 2, 2, 2) as Tensor4D, { dice: false }), 'one class'],
    ['too few class weights', () => segmentationLoss(volume(3), toTensor({ shape: [1, 2, 2, 2], data: new Float64Array(8) }, 'int32') as Tensor4D, { dice: false, classWeights: [1, 2] }), 'the class weights 1, 2 for 3 classes'],
    ['a class weight of 0', () => segmentationLoss(volume(2), toTensor({ shape: [1, 2, 2, 2], data: new Float64Array(8) }, 'int32') as Tensor4D, { dice: false, classWeights: [1, 0] }), 'the class weights 1, 0 for 2 classes'],
    ['a loss of no part', () => segmentationLoss(volume(2), toTensor({ shape: [1, 2, 2, 2], data: new Float64Array(8) }, 'int32') as Tensor4D, { crossEntropy: false, dice: false }), 'neither cross-entropy nor soft Dice'],
    ['moments of another shape', () => adamStep(vector(2), vector(2), vector(3), vector(2), { learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1, step: 1 }), 'AdamStep got mean of shape [3]'],
    ['steps from 0', () => adamStep(vector(2), vector(2), vector(2), vector(2), { learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1, step: 0 }), 'step 0'],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(expect.objectContaining({ name: 'GyraError', code: 'bad-input', message: expect.stringContaining(message) as string }) as Error);
  });
});
