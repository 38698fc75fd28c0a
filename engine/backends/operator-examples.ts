/** @file Small inputs for every operator: what one backend is compared with another on. The type asks for all of `OperatorName`, so nothing goes unchecked. */
import { Random } from '../math/random';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, dimension, parseIrreps, scalarCopies } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import type { OperatorName, Operators } from '../ops/operators';

export interface ExampleInput {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}
export interface OperatorExample<N extends OperatorName> {
  readonly inputs: Readonly<Record<Operators[N]['inputs'], ExampleInput>>;
  readonly attributes: Operators[N]['attributes'];
}
type Examples = { readonly [N in OperatorName]: readonly OperatorExample<N>[] };

const volume = [1, 4, 6, 10];
const halved = [1, 2, 3, 5];
const irreps = parseIrreps('3x0e+2x1e+1x2e');
const scalars = parseIrreps('5x0e');
const oddIrreps = parseIrreps('2x0e+2x0o+1x1o+2x1e+1x2e');

const normSizes = ['root-mean-square', 'mean-norm'] as const;
/** Each method by an amount along x, y and z, and the voxels z, y, x it makes of 4 x 6 x 10. */
const resamplings = [
  { method: 'linear', amount: [2, 2, 2], to: [8, 12, 20] },
  { method: 'linear', amount: [3, 1, 2], to: [8, 6, 30] },
  { method: 'average', amount: [5, 3, 2], to: [2, 2, 2] },
  { method: 'pad', amount: [2, 0, 1], to: [5, 6, 12] },
  { method: 'low-pass', amount: [3, 1, 2], to: [2, 6, 4] },
] as const;

/** Made when asked for: a process that checks nothing pays nothing. */
export function operatorExamples(): Examples {
  const field = [irreps, scalars, oddIrreps].map((of) => ({ irreps: of, x: normal('x', ...volume, dimension(of)), dy: normal('dy', ...volume, dimension(of)) }));
  const threeScalars = parseIrreps('3x0e');
  const groupNorm = { irreps: threeScalars, x: normal('x', ...volume, 9), dy: normal('dy', ...volume, 9), attributes: { irreps: threeScalars, epsilon: 1e-5, by: 'root-mean-square' as const, elements: 3 }, weight: normal('weight', 3), bias: normal('bias', 3) };
  const [{ x, dy }] = field as [(typeof field)[number]];
  const steerable = steerableExamples();
  const [{ attributes: steered, inputs: { x: _, ...joined } }] = steerable as [(typeof steerable)[number]];
  /** Its first three entries, and the other two. */
  const ofTwo = { attributes: steered, inputs: { ...joined, a: normal('a', ...volume, 10), b: normal('b', ...volume, 7) } };
  const self = selfExamples();
  const convolution = [3, 5].map((kernelSize) => ({ kernelSize, x: normal('x', ...volume, 5), dy: normal('dy', ...volume, 7), weight: normal('weight', kernelSize, kernelSize, kernelSize, 5, 7) }));
  const two = { a: normal('a', ...volume, 3), b: normal('b', ...volume, 4), weight: normal('weight', 3, 3, 3, 7, dimension(irreps)) };
  const depthwise = [3, 5].map((kernelSize) => ({ kernelSize, x: normal('x', ...volume, 6), dy: normal('dy', ...volume, 6), weight: normal('weight', kernelSize, kernelSize, kernelSize, 6) }));
  const grouped = normal('x', ...volume, 12);
  /** Scalars alone, vectors and tensors, both sizes; and over the three elements of a group. */
  const norm = [...field.flatMap((one) => normSizes.map((by) => ({ one, by }))).map(({ one, by }) => ({ ...one, attributes: { irreps: one.irreps, epsilon: 1e-5, by }, weight: normal('weight', copies(one.irreps)), bias: normal('bias', scalarCopies(one.irreps)) })), groupNorm];
  const gated = field.map((one) => ({ attributes: { irreps: one.irreps }, x: normal('x', ...volume, dimension(gateInputIrreps(one.irreps))), dy: one.dy }));
  const gatedNorm = gated.flatMap(({ attributes: { irreps: of }, x, dy }) => normSizes.map((by) => ({ attributes: { irreps: of, epsilon: 1e-5, by }, x, dy, weight: normal('weight', copies(gateInputIrreps(of))), bias: normal('bias', scalarCopies(gateInputIrreps(of))) })));
  const pooled = field.flatMap((one) => [
    { attributes: { irreps: one.irreps, extent: [2, 2, 2] as const }, x: withTies(one.x), dy: normal('dy', ...halved, dimension(one.irreps)) },
    { attributes: { irreps: one.irreps, extent: [5, 3, 1] as const }, x: withTies(one.x), dy: normal('dy', 1, 4, 2, 2, dimension(one.irreps)) },
  ]);
  const resampled = resamplings.map(({ to, ...attributes }) => ({ attributes: { ...attributes, size: [10, 6, 4] as const }, x, dy: normal('dy', 1, ...to, dimension(irreps)) }));
  const copyFactors = field.map((one) => ({ attributes: { irreps: one.irreps }, x: one.x, dy: one.dy, scale: normal('scale', 1, copies(one.irreps)), shift: normal('shift', scalarCopies(one.irreps)) }));
  const lossAttributes = [{ dice: true }, { dice: false }, { crossEntropy: false, dice: true, ignoreLabel: 4 }, { dice: true, classWeights: [0.5, 1, 2, 3], ignoreLabel: 1 }];
  const losses = lossAttributes.map((attributes) => ({ attributes, logits: normal('logits', ...volume, 4), labels: labels(attributes.ignoreLabel === 4 ? 5 : 4, ...volume), dloss: { shape: [], data: Float32Array.of(0.7) } }));
  return {
    SteerableConvolution: steerable.map(({ attributes, inputs: { x, weight, self } }) => ({ attributes, inputs: { x, weight, self } })),
    SteerableConvolutionBackward: steerable,
    SteerableConvolutionBackwardWeight: steerable.map(({ attributes, inputs: { dy, x } }) => ({ attributes, inputs: { dy, x } })),
    SteerableConvolutionOfTwo: [ofTwo].map(({ attributes, inputs: { a, b, weight, self } }) => ({ attributes, inputs: { a, b, weight, self } })),
    SteerableConvolutionOfTwoBackward: [ofTwo],
    SelfConnection: self.map(({ attributes, inputs: { x, weight, bias } }) => ({ attributes, inputs: { x, weight, bias } })),
    SelfConnectionBackward: self.map(({ attributes, inputs: { dy, x, weight } }) => ({ attributes, inputs: { dy, x, weight } })),
    Convolution: convolution.map(({ x, weight }) => ({ inputs: { x, weight }, attributes: {} })),
    ConvolutionBackwardInput: convolution.map(({ dy, weight }) => ({ inputs: { dy, weight }, attributes: {} })),
    ConvolutionBackwardWeight: convolution.map(({ dy, x, kernelSize }) => ({ inputs: { dy, x }, attributes: { kernelSize } })),
    ConvolutionOfTwo: [{ inputs: two, attributes: {} }],
    ConvolutionOfTwoBackwardInput: [{ inputs: { dy, weight: two.weight }, attributes: { channelsA: 3 } }],
    ConvolutionOfTwoBackwardWeight: [{ inputs: { dy, a: two.a, b: two.b }, attributes: { kernelSize: 3 } }],
    DepthwiseConvolution: depthwise.map(({ x, weight }) => ({ inputs: { x, weight }, attributes: {} })),
    DepthwiseConvolutionBackwardInput: depthwise.map(({ dy, weight }) => ({ inputs: { dy, weight }, attributes: {} })),
    DepthwiseConvolutionBackwardWeight: depthwise.map(({ dy, x, kernelSize }) => ({ inputs: { dy, x }, attributes: { kernelSize } })),
    GatherRows: [{ inputs: { weight: normal('weight', 2, 3, 5) }, attributes: { rows: [4, 0, 0, 5, 2, 1, 3, 4], shape: [4, 10] } }],
    GatherRowsBackward: [{ inputs: { dy: normal('dy', 4, 10) }, attributes: { rows: [4, 0, 0, 5, 2, 1, 3, 4], shape: [2, 3, 5] } }],
    GroupMaximum: [{ inputs: { x: rounded(grouped) }, attributes: { order: 4 } }],
    GroupMaximumBackward: [{ inputs: { dy: normal('dy', ...volume, 3), x: rounded(grouped) }, attributes: { order: 4 } }],
    Sum: [{ inputs: { a: x, b: dy }, attributes: {} }],
    InstanceNorm: norm.map(({ x, weight, bias, attributes }) => ({ inputs: { x, weight, bias }, attributes })),
    InstanceNormBackward: norm.map(({ dy, x, weight, attributes }) => ({ inputs: { dy, x, weight }, attributes })),
    NormStatistics: norm.filter((one) => one !== groupNorm).map(({ x, attributes: { irreps, by } }) => ({ inputs: { x }, attributes: { irreps, by } })),
    ScaleCopies: copyFactors.map(({ x, scale, shift, attributes }) => ({ inputs: { x, scale, shift }, attributes })),
    ScaleCopiesBackward: copyFactors.map(({ dy, x, attributes }) => ({ inputs: { dy, x }, attributes })),
    Gate: gated.map(({ x, attributes }) => ({ inputs: { x }, attributes })),
    GateBackward: gated.map(({ dy, x, attributes }) => ({ inputs: { dy, x }, attributes })),
    GatedInstanceNorm: gatedNorm.map(({ x, weight, bias, attributes }) => ({ inputs: { x, weight, bias }, attributes })),
    GatedInstanceNormBackward: gatedNorm.map(({ attributes, ...inputs }) => ({ inputs, attributes })),
    LeakyRelu: [{ inputs: { x }, attributes: { slope: 0.01 } }],
    LeakyReluBackward: [{ inputs: { dy, x }, attributes: { slope: 0.01 } }],
    MaxPool: pooled.map(({ x, attributes }) => ({ inputs: { x }, attributes })),
    MaxPoolBackward: pooled.map(({ dy, x, attributes }) => ({ inputs: { dy, x }, attributes })),
    Resample: resampled.map(({ x, attributes }) => ({ inputs: { x }, attributes })),
    ResampleBackward: resampled.map(({ dy, attributes }) => ({ inputs: { dy }, attributes })),
    SegmentationLoss: losses.map(({ attributes, logits, labels }) => ({ attributes, inputs: { logits, labels } })),
    SegmentationLossBackward: losses.map(({ attributes, ...inputs }) => ({ attributes, inputs })),
    ArgMaxChannels: [{ inputs: { x: rounded(x) }, attributes: {} }],
    AdamStep: [{ inputs: { value: normal('value', 50), gradient: normal('gradient', 50), mean: normal('mean', 50), square: squared(normal('square', 50)) }, attributes: { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3 } }],
  };
}

/** Entries side by side, as behind a concatenation; odd parities; both cut-offs; longer voxels along z. */
const steerableExamples = (): readonly OperatorExample<'SteerableConvolutionBackward'>[] =>
  [
    { from: '2x0e+1x1e+1x2e+1x0e+2x1e', to: '4x0e+2x1e+1x2e', harmonics: '1x0e+1x1e+1x2e', lattice: { diameter: 5, steps: [1, 1, 1] as const, radialFunctions: 5, cutoff: true } },
    { from: '1x0e', to: '3x0e+1x1o+1x2e', harmonics: '1x0e+1x1o+1x2e', lattice: { diameter: 5, steps: [1, 1, 2] as const, radialFunctions: 4, cutoff: false } },
    { from: '2x0e+1x0o+1x2e', to: '1x0e+2x1o+1x3e', harmonics: '1x0e+1x1o+1x2e+1x3o', lattice: { diameter: 3, steps: [1, 1, 1] as const, radialFunctions: 3, cutoff: false } },
  ].map(({ from, to, harmonics: text, lattice }) => {
    const harmonics = parseIrreps(text);
    const pair = { irrepsIn: parseIrreps(from), irrepsOut: parseIrreps(to) };
    return {
      attributes: { ...pair, harmonics, lattice },
      inputs: {
        x: normal('x', ...volume, dimension(pair.irrepsIn)),
        dy: normal('dy', ...volume, dimension(pair.irrepsOut)),
        weight: normal('weight', lattice.radialFunctions, weightsOf(pathsOf(pair.irrepsIn, pair.irrepsOut, harmonics))),
        self: normal('self', weightsOf(selfPathsOf(pair.irrepsIn, pair.irrepsOut))),
      },
    };
  });

const selfExamples = () =>
  [
    { from: '2x0e+2x1e+1x0e+1x2e', to: '3x0e+1x1e+2x2e' },
    { from: '6x0e', to: '3x0e' },
  ].map(({ from, to }) => {
    const attributes = { irrepsIn: parseIrreps(from), irrepsOut: parseIrreps(to) };
    return {
      attributes,
      inputs: {
        x: normal('x', ...volume, dimension(attributes.irrepsIn)),
        dy: normal('dy', ...volume, dimension(attributes.irrepsOut)),
        weight: normal('weight', weightsOf(selfPathsOf(attributes.irrepsIn, attributes.irrepsOut))),
        bias: normal('bias', scalarCopies(attributes.irrepsOut)),
      },
    };
  });

function normal(name: string, ...shape: number[]): ExampleInput {
  const random = Random.stream(2, name);
  return { shape, data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()) };
}

function labels(classes: number, ...shape: number[]): ExampleInput {
  const random = Random.stream(2, 'labels');
  return { shape, data: Int32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.integer(classes)) };
}

/** Whole numbers, so that many are equal. */
const rounded = ({ shape, data }: ExampleInput): ExampleInput => ({ shape, data: Float32Array.from(data, Math.round) });
/** A first half of whole numbers. */
const withTies = ({ shape, data }: ExampleInput): ExampleInput => ({ shape, data: Float32Array.from(data, (value, at) => (at < data.length / 2 ? Math.round(value) : value)) });
const squared = ({ shape, data }: ExampleInput): ExampleInput => ({ shape, data: Float32Array.from(data, (value) => value * value) });
