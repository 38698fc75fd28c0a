/** @file Every kernel against its slow reference on inputs nobody chose: random irreps, kernels, channels and sizes, with ones, primes and sizes beside whole tiles. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { axisTaps } from '../../engine/math/axis-map';
import { gateInputIrreps } from '../../engine/math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, printIrreps, scalarCopies, type IrrepEntry, type Irreps } from '../../engine/math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../../engine/math/so3/steerable-paths';
import type { OperatorName } from '../../engine/ops/operators';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { references } from '../../engine/ops/reference/references';
import { relativeError } from '../support/relative-error';
import { randomArray, runOnce, type KernelCase } from './describe-kernel';

let handle: BackendHandle;
beforeAll(async () => void (handle = await startBackend({ threads: 2 })));
afterAll(() => handle.dispose());

type Case<N extends OperatorName> = Omit<KernelCase<N>, 'label'>;

/** Minimal filtering loses a bit more than the rest. */
const filtering = 2e-5;
const drawnFor = new Set<OperatorName>();

/** The law of this file. The seed is fixed, so that a failure is found again; what fails is shrunk and printed. */
function agrees<N extends OperatorName, D>(names: readonly N[], drawn: fc.Arbitrary<D>, caseOf: (drawn: D) => { [M in N]: Case<M> }, tolerance = 1e-5, numRuns = 12): void {
  for (const name of names) drawnFor.add(name);
  it.each(names)('%s', (name) => {
    fc.assert(
      fc.property(drawn, (one) => {
        const kernelCase: Case<N> = caseOf(one)[name];
        const { arrays, shapes } = runOnce(name, kernelCase);
        const expected = Object.values<NumberArray>(references[name](kernelCase.inputs, kernelCase.attributes));
        expect(shapes).toEqual(expected.map(({ shape }) => [...shape]));
        expected.forEach(({ data }, output) => expect(relativeError(arrays[output], data)).toBeLessThan(tolerance));
      }),
      { seed: 2024, numRuns },
    );
  });
}

const size = fc.integer({ min: 1, max: 13 });
/** [batch, z, y, x] */
const voxels = fc.tuple(fc.integer({ min: 1, max: 2 }), size, size, fc.integer({ min: 1, max: 19 })).filter((shape) => shape.reduce((product, n) => product * n, 1) < 900);
const irreps = (degree: number, entries: number, parities: readonly (1 | -1)[] = [1, -1]): fc.Arbitrary<Irreps> =>
  fc.array(fc.record<IrrepEntry>({ multiplicity: fc.integer({ min: 1, max: 5 }), degree: fc.integer({ min: 0, max: degree }), parity: fc.constantFrom(...parities) }), { minLength: 1, maxLength: entries });
const step = fc.constantFrom(1, 1, 1.5, 2.2);

agrees(
  ['SteerableConvolution', 'SteerableConvolutionBackward', 'SteerableConvolutionBackwardWeight'],
  fc.record({ from: irreps(3, 3), to: irreps(3, 3), voxels, maximumDegree: fc.integer({ min: 0, max: 3 }), parity: fc.constantFrom<1 | -1>(1, -1), diameter: fc.constantFrom(3, 5), steps: fc.tuple(step, step, step), radialFunctions: fc.integer({ min: 2, max: 5 }), cutoff: fc.boolean() }),
  ({ from, to, voxels, maximumDegree, parity, diameter, steps, radialFunctions, cutoff }) => {
    const harmonics = harmonicIrreps(maximumDegree, parity);
    const inputs = {
      x: randomArray('x', ...voxels, dimension(from)),
      dy: randomArray('dy', ...voxels, dimension(to)),
      weight: randomArray('weight', radialFunctions, weightsOf(pathsOf(from, to, harmonics))),
      self: randomArray('self', weightsOf(selfPathsOf(from, to))),
    };
    const attributes = { irrepsIn: from, irrepsOut: to, harmonics, lattice: { diameter, steps, radialFunctions, cutoff } };
    return { SteerableConvolution: { inputs: { x: inputs.x, weight: inputs.weight, self: inputs.self }, attributes }, SteerableConvolutionBackward: { inputs, attributes }, SteerableConvolutionBackwardWeight: { inputs: { dy: inputs.dy, x: inputs.x }, attributes } };
  },
);

agrees(
  ['SteerableConvolutionOfTwo', 'SteerableConvolutionOfTwoBackward'],
  fc.record({ first: irreps(2, 2), second: irreps(2, 2), to: irreps(2, 3), voxels, diameter: fc.constantFrom(3, 5) }),
  ({ first, second, to, voxels, diameter }) => {
    const harmonics = harmonicIrreps(2, -1);
    const from = [...first, ...second];
    const inputs = {
      a: randomArray('a', ...voxels, dimension(first)),
      b: randomArray('b', ...voxels, dimension(second)),
      weight: randomArray('weight', 3, weightsOf(pathsOf(from, to, harmonics))),
      self: randomArray('self', weightsOf(selfPathsOf(from, to))),
    };
    const attributes = { irrepsIn: from, irrepsOut: to, harmonics, lattice: { diameter, steps: [1, 1, 1] as const, radialFunctions: 3, cutoff: true } };
    return { SteerableConvolutionOfTwo: { inputs, attributes }, SteerableConvolutionOfTwoBackward: { inputs: { ...inputs, dy: randomArray('dy', ...voxels, dimension(to)) }, attributes } };
  },
);

agrees(
  ['Convolution', 'ConvolutionBackwardInput', 'ConvolutionBackwardWeight'],
  fc.record({ kernelSize: fc.constantFrom(1, 3, 5), channelsIn: fc.integer({ min: 1, max: 11 }), channelsOut: fc.integer({ min: 1, max: 19 }), voxels }),
  ({ kernelSize: k, channelsIn, channelsOut, voxels }) => {
    const [x, dy, weight] = [randomArray('x', ...voxels, channelsIn), randomArray('dy', ...voxels, channelsOut), randomArray('weight', k, k, k, channelsIn, channelsOut)];
    return { Convolution: { inputs: { x, weight }, attributes: {} }, ConvolutionBackwardInput: { inputs: { dy, weight }, attributes: {} }, ConvolutionBackwardWeight: { inputs: { dy, x }, attributes: { kernelSize: k } } };
  },
  filtering,
);

agrees(
  ['ConvolutionOfTwo', 'ConvolutionOfTwoBackwardInput', 'ConvolutionOfTwoBackwardWeight'],
  fc.record({ kernelSize: fc.constantFrom(1, 3, 5), channelsA: fc.integer({ min: 1, max: 9 }), channelsB: fc.integer({ min: 1, max: 9 }), channelsOut: fc.integer({ min: 1, max: 19 }), voxels }),
  ({ kernelSize: k, channelsA, channelsB, channelsOut, voxels }) => {
    const [a, b, dy, weight] = [randomArray('a', ...voxels, channelsA), randomArray('b', ...voxels, channelsB), randomArray('dy', ...voxels, channelsOut), randomArray('weight', k, k, k, channelsA + channelsB, channelsOut)];
    return { ConvolutionOfTwo: { inputs: { a, b, weight }, attributes: {} }, ConvolutionOfTwoBackwardInput: { inputs: { dy, weight }, attributes: { channelsA } }, ConvolutionOfTwoBackwardWeight: { inputs: { dy, a, b }, attributes: { kernelSize: k } } };
  },
  filtering,
);

agrees(
  ['DepthwiseConvolution', 'DepthwiseConvolutionBackwardInput', 'DepthwiseConvolutionBackwardWeight'],
  fc.record({ kernelSize: fc.constantFrom(3, 5), channels: fc.integer({ min: 1, max: 19 }), voxels }),
  ({ kernelSize: k, channels, voxels }) => {
    const [x, dy, weight] = [randomArray('x', ...voxels, channels), randomArray('dy', ...voxels, channels), randomArray('weight', k, k, k, channels)];
    return { DepthwiseConvolution: { inputs: { x, weight }, attributes: {} }, DepthwiseConvolutionBackwardInput: { inputs: { dy, weight }, attributes: {} }, DepthwiseConvolutionBackwardWeight: { inputs: { dy, x }, attributes: { kernelSize: k } } };
  },
);

agrees(
  ['SelfConnection', 'SelfConnectionBackward'],
  fc.record({ from: irreps(3, 4), to: irreps(3, 4), voxels }),
  ({ from, to, voxels }) => {
    const attributes = { irrepsIn: from, irrepsOut: to };
    const [x, dy, weight, bias] = [randomArray('x', ...voxels, dimension(from)), randomArray('dy', ...voxels, dimension(to)), randomArray('weight', weightsOf(selfPathsOf(from, to))), randomArray('bias', scalarCopies(to))];
    return { SelfConnection: { inputs: { x, weight, bias }, attributes }, SelfConnectionBackward: { inputs: { dy, x, weight }, attributes } };
  },
);

agrees(
  ['InstanceNorm', 'InstanceNormBackward', 'NormStatistics'],
  // fewer than a few voxels have no spread to divide by
  fc.record({ irreps: irreps(3, 4), voxels: voxels.filter(([, z, y, x]) => z * y * x > 8), by: fc.constantFrom<'root-mean-square' | 'mean-norm'>('root-mean-square', 'mean-norm') }),
  ({ irreps, voxels, by }) => {
    const [x, dy, weight, bias] = [randomArray('x', ...voxels, dimension(irreps)), randomArray('dy', ...voxels, dimension(irreps)), randomArray('weight', copies(irreps)), randomArray('bias', scalarCopies(irreps))];
    const attributes = { irreps, epsilon: 1e-5, by };
    return { InstanceNorm: { inputs: { x, weight, bias }, attributes }, InstanceNormBackward: { inputs: { dy, x, weight }, attributes }, NormStatistics: { inputs: { x }, attributes: { irreps, by } } };
  },
);

agrees(
  ['InstanceNorm', 'InstanceNormBackward'],
  fc.record({ features: fc.integer({ min: 1, max: 7 }), elements: fc.constantFrom(4, 24), voxels: voxels.filter(([, z, y, x]) => z * y * x > 8) }),
  ({ features, elements, voxels }) => {
    const channels = features * elements;
    const [x, dy, weight, bias] = [randomArray('x', ...voxels, channels), randomArray('dy', ...voxels, channels), randomArray('weight', features), randomArray('bias', features)];
    const attributes = { irreps: [{ multiplicity: features, degree: 0, parity: 1 as const }], epsilon: 1e-5, elements };
    return { InstanceNorm: { inputs: { x, weight, bias }, attributes }, InstanceNormBackward: { inputs: { dy, x, weight }, attributes } };
  },
);

/** What a gate can give: scalars first. */
const gatedIrreps = fc.uniqueArray(irreps(3, 1), { minLength: 1, maxLength: 4, selector: ([entry]) => `${entry.degree}${entry.parity}` }).map((all) => all.flat().sort((a, b) => a.degree - b.degree || a.parity - b.parity));
agrees(
  ['GatedInstanceNorm', 'GatedInstanceNormBackward'],
  fc.record({ irreps: gatedIrreps, voxels: voxels.filter(([, z, y, x]) => z * y * x > 8), by: fc.constantFrom<'root-mean-square' | 'mean-norm'>('root-mean-square', 'mean-norm') }),
  ({ irreps, voxels, by }) => {
    const normed = gateInputIrreps(irreps);
    const inputs = { x: randomArray('x', ...voxels, dimension(normed)), weight: randomArray('weight', copies(normed)), bias: randomArray('bias', scalarCopies(normed)) };
    const attributes = { irreps, epsilon: 1e-5, by };
    return { GatedInstanceNorm: { inputs, attributes }, GatedInstanceNormBackward: { inputs: { ...inputs, dy: randomArray('dy', ...voxels, dimension(irreps)) }, attributes } };
  },
);

agrees(
  ['ScaleCopies', 'ScaleCopiesBackward'],
  fc.record({ irreps: irreps(3, 4), voxels }),
  ({ irreps, voxels }) => {
    const [x, dy, scale, shift] = [randomArray('x', ...voxels, dimension(irreps)), randomArray('dy', ...voxels, dimension(irreps)), randomArray('scale', voxels[0], copies(irreps)), randomArray('shift', scalarCopies(irreps))];
    return { ScaleCopies: { inputs: { x, scale, shift }, attributes: { irreps } }, ScaleCopiesBackward: { inputs: { dy, x }, attributes: { irreps } } };
  },
);

agrees(
  ['LeakyRelu', 'LeakyReluBackward', 'Sum', 'ArgMaxChannels'],
  fc.record({ channels: fc.integer({ min: 1, max: 19 }), voxels, slope: fc.constantFrom(0, 0.01, 0.5) }),
  ({ channels, voxels, slope }) => {
    const [x, dy] = [randomArray('x', ...voxels, channels), randomArray('dy', ...voxels, channels)];
    return { LeakyRelu: { inputs: { x }, attributes: { slope } }, LeakyReluBackward: { inputs: { dy, x }, attributes: { slope } }, Sum: { inputs: { a: x, b: dy }, attributes: {} }, ArgMaxChannels: { inputs: { x }, attributes: {} } };
  },
);

agrees(
  ['GatherRows', 'GatherRowsBackward'],
  fc.record({ rows: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 12 }), length: fc.integer({ min: 1, max: 9 }) }),
  ({ rows, length }) => ({
    GatherRows: { inputs: { weight: randomArray('weight', 2, 3, length) }, attributes: { rows, shape: [rows.length, length] } },
    GatherRowsBackward: { inputs: { dy: randomArray('dy', rows.length, length) }, attributes: { rows, shape: [2, 3, length] } },
  }),
);

agrees(
  ['GroupMaximum', 'GroupMaximumBackward'],
  fc.record({ order: fc.constantFrom(4, 24), features: fc.integer({ min: 1, max: 7 }), voxels }),
  ({ order, features, voxels }) => {
    const x = randomArray('x', ...voxels, order * features);
    return { GroupMaximum: { inputs: { x }, attributes: { order } }, GroupMaximumBackward: { inputs: { dy: randomArray('dy', ...voxels, features), x }, attributes: { order } } };
  },
);

agrees(
  ['SegmentationLoss', 'SegmentationLossBackward'],
  fc.record({ classes: fc.integer({ min: 2, max: 9 }), voxels, crossEntropy: fc.boolean(), ignores: fc.boolean(), weighs: fc.boolean() }),
  ({ classes, voxels, crossEntropy, ignores, weighs }) => {
    const uniform = randomArray('labels', ...voxels);
    const labels = { ...uniform, data: uniform.data.map((value) => Math.min(classes - 1, Math.floor(((value + 1) / 2) * classes))) };
    const attributes = { crossEntropy, dice: true, ...(ignores && { ignoreLabel: 1 }), ...(weighs && { classWeights: Array.from({ length: classes }, (_, n) => 0.5 + n) }) };
    const inputs = { logits: randomArray('logits', ...voxels, classes), labels };
    return { SegmentationLoss: { inputs, attributes }, SegmentationLossBackward: { inputs: { ...inputs, dloss: { shape: [], data: Float64Array.of(0.75) } }, attributes } };
  },
);

agrees(
  ['Gate', 'GateBackward'],
  fc.record({ irreps: gatedIrreps, voxels }),
  ({ irreps, voxels }) => {
    const [x, dy] = [randomArray('x', ...voxels, dimension(gateInputIrreps(irreps))), randomArray('dy', ...voxels, dimension(irreps))];
    return { Gate: { inputs: { x }, attributes: { irreps } }, GateBackward: { inputs: { dy, x }, attributes: { irreps } } };
  },
);

const factor = fc.integer({ min: 1, max: 3 });
agrees(
  ['MaxPool', 'MaxPoolBackward'],
  fc.record({ irreps: irreps(3, 3), batch: fc.integer({ min: 1, max: 2 }), windows: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 7 })), extent: fc.tuple(factor, factor, factor) }),
  ({ irreps, batch, windows: [depth, height, width], extent }) => {
    const x = randomArray(`x ${printIrreps(irreps)}`, batch, depth * extent[2], height * extent[1], width * extent[0], dimension(irreps));
    const attributes = { irreps, extent };
    return { MaxPool: { inputs: { x }, attributes }, MaxPoolBackward: { inputs: { dy: randomArray('dy', batch, depth, height, width, dimension(irreps)), x }, attributes } };
  },
);

agrees(
  ['Resample', 'ResampleBackward'],
  fc.record({ method: fc.constantFrom<'linear' | 'low-pass' | 'low-pass-up' | 'pad'>('linear', 'low-pass', 'low-pass-up', 'pad'), channels: fc.integer({ min: 1, max: 17 }), voxels, amount: fc.tuple(factor, factor, factor) }),
  ({ method, channels, voxels: [batch, depth, height, width], amount }) => {
    const inSize = [width, height, depth] as const;
    const [toWidth, toHeight, toDepth] = inSize.map((n, axis) => axisTaps(method, amount[axis], n).length);
    const attributes = { method, amount, size: inSize };
    return { Resample: { inputs: { x: randomArray('x', batch, depth, height, width, channels) }, attributes }, ResampleBackward: { inputs: { dy: randomArray('dy', batch, toDepth, toHeight, toWidth, channels) }, attributes } };
  },
);

agrees(
  ['Resample', 'ResampleBackward'],
  fc.record({ method: fc.constantFrom<'average' | 'crop'>('average', 'crop'), channels: fc.integer({ min: 1, max: 17 }), windows: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 })), amount: fc.tuple(factor, factor, factor) }),
  ({ method, channels, windows, amount }) => {
    // whole windows, and more voxels than are cut off
    const inSize = windows.map((count, axis) => (method === 'average' ? count * amount[axis]! : count + amount[axis]!)) as [number, number, number];
    const [width, height, depth] = inSize;
    const [toWidth, toHeight, toDepth] = inSize.map((n, axis) => axisTaps(method, amount[axis], n).length);
    const attributes = { method, amount, size: inSize };
    return { Resample: { inputs: { x: randomArray('x', 1, depth, height, width, channels) }, attributes }, ResampleBackward: { inputs: { dy: randomArray('dy', 1, toDepth, toHeight, toWidth, channels) }, attributes } };
  },
);

it('leaves out no operator but Adam, which writes in place and has a test of its own', () => expect(Object.keys(references).filter((name) => !drawnFor.has(name as OperatorName))).toEqual(['AdamStep']));
