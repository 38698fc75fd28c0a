/** @file What `gyra bench` measures: one function a row, made ready before the clock starts. */
import { tensor, tidy, type Tensor, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import type { Machine } from '../backends/wasm/machine';
import type { Shape } from '../contract/engine-api';
import { modelSpec, type ModelSpec } from '../contract/model-spec';
import { predictVolume } from '../evaluation/predict-volume';
import { Random } from '../math/random';
import { planeRotation } from '../math/rotation';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, parseIrreps, printIrreps, scalarCopies } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { SplineVolume } from '../math/spline-volume';
import { buildNetwork } from '../model/build-network';
import { multiplyAdds, type OperatorShapes } from '../model/multiply-adds';
import type { Network } from '../model/network';
import { argMaxChannels } from '../ops/arg-max-channels';
import { valueAndGradients } from '../ops/backpropagation';
import type { OperatorName, Operators, SteerableConvolutionAttributes } from '../ops/operators';
import { runOperator, type OperatorInputs } from '../ops/run-operator';
import { segmentationLoss } from '../ops/segmentation-loss';
import { Adam } from '../training/adam';
import { loadNetwork } from '../training/weights-file';
import { machineRows } from './machine-rows';

export interface BenchRow {
  readonly id: string;
  /** What is measured, with its sizes. */
  readonly what: string;
  readonly repeats: number;
  /** The figure given: least of all repeats, or the median where a person would feel it. */
  readonly figure: 'minimum' | 'median';
  /** What one run does, where a rate says more than a time. */
  readonly work?: { readonly amount: number; readonly unit: 'multiply-adds' | 'bytes' };
  /** Makes inputs and returns what is timed; the timed function is given its turn. */
  prepare(): Promise<{ run: (turn: number) => void; dispose: () => void }>;
}

function randomTensor(shape: number[], name: string): Tensor {
  const random = Random.stream(0, name);
  return tensor(Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => random.uniform() - 0.5), shape);
}

/** What may be asked of a benchmark beside its rows: another side of the volume in voxels, and another width (the first multiplicity, or the features). */
export interface BenchSizes {
  readonly size?: number;
  readonly width?: number;
}
const kernelTaps = 5 ** 3;

/** 8:4:2 scalars, vectors and tensors in the paper; half as many vectors as scalars, half as many tensors as vectors. */
const irrepsOfWidth = (width: number): string => `${width}x0e+${Math.ceil(width / 2)}x1e+${Math.ceil(width / 4)}x2e`;

/** One call of an operator, or of several, on random inputs of these shapes. */
function operatorRow<N extends OperatorName>(row: Pick<BenchRow, 'id' | 'what' | 'repeats' | 'work'>, shapes: Readonly<Record<string, readonly number[]>>, calls: readonly { readonly name: N; readonly inputs: readonly string[]; readonly attributes: Operators[N]['attributes'] }[]): BenchRow {
  return {
    ...row,
    figure: 'minimum',
    prepare: async () => {
      const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, randomTensor([...shape], name)]));
      const run = () => calls.map(({ name, inputs, attributes }) => runOperator(name, Object.fromEntries(inputs.map((input) => [input, tensors[input]!])) as OperatorInputs<N>, attributes));
      return { run: () => void tidy(() => void run()), dispose: () => Object.values(tensors).forEach((one) => one.dispose()) };
    },
  };
}
const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
/** Every tensor read or written once: the least there is to move. */
const bytesOf = (...shapes: readonly (readonly number[])[]) => ({ amount: 4 * shapes.reduce((sum, shape) => sum + elements(shape), 0), unit: 'bytes' as const });

/** 8x0e+4x1e+2x2e -> 14x0e+4x1e+2x2e at 48^3: the second layer of the paper's network. */
function steerableConvolutionRow(id: string, name: 'SteerableConvolution' | 'SteerableConvolutionBackward', { size: n = 48, width = 8 }: BenchSizes): BenchRow {
  const irrepsIn = parseIrreps(irrepsOfWidth(width));
  const irrepsOut = gateInputIrreps(irrepsIn);
  const harmonics = harmonicIrreps(2);
  const attributes: SteerableConvolutionAttributes = { irrepsIn, irrepsOut, harmonics, lattice: { diameter: 5, steps: [1, 1, 1], radialFunctions: 5, cutoff: true } };
  const shapes = {
    x: [1, n, n, n, dimension(irrepsIn)],
    dy: [1, n, n, n, dimension(irrepsOut)],
    weight: [5, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))],
    self: [weightsOf(selfPathsOf(irrepsIn, irrepsOut))],
  };
  const backward = name === 'SteerableConvolutionBackward';
  const what = `${printIrreps(irrepsIn)} -> ${printIrreps(irrepsOut)}, 5^3, ${n}^3${backward ? ', both gradients' : ''}`;
  return operatorRow({ id, what, repeats: 10, work: { amount: multiplyAdds({ name, shapes, attributes } as OperatorShapes), unit: 'multiply-adds' } }, shapes, [{ name, inputs: [...(backward ? ['dy'] : []), 'x', 'weight', 'self'], attributes }]);
}

/** Ordinary convolution of as many channels as the steerable one; the multiply-adds are those of the definition. */
function convolutionRow(id: string, backward: boolean, { size: n = 48, width = 30 }: BenchSizes): BenchRow {
  const channelsOut = Math.round(1.2 * width);
  const shapes = { x: [1, n, n, n, width], dy: [1, n, n, n, channelsOut], weight: [5, 5, 5, width, channelsOut] };
  const row = { id, what: `${width} -> ${channelsOut} channels, 5^3, ${n}^3${backward ? ', both gradients' : ''}`, repeats: 5, work: { amount: (backward ? 2 : 1) * n ** 3 * kernelTaps * width * channelsOut, unit: 'multiply-adds' as const } };
  return operatorRow(row, shapes, backward ? [{ name: 'ConvolutionBackwardInput', inputs: ['dy', 'weight'], attributes: {} }, { name: 'ConvolutionBackwardWeight', inputs: ['dy', 'x'], attributes: { kernelSize: 5 } }] : [{ name: 'Convolution', inputs: ['x', 'weight'], attributes: {} }]);
}

/** What lies between the convolutions of the highest level, and the group CNN's spatial convolution. */
function betweenRows({ size: n = 64, width = 8 }: BenchSizes): BenchRow[] {
  const irreps = parseIrreps(irrepsOfWidth(width));
  const normed = gateInputIrreps(irreps);
  const cube = (side: number, channels: number) => [1, side, side, side, channels];
  const [channels, half] = [dimension(irreps), Math.floor(n / 2)];
  const norm = { x: cube(n, dimension(normed)), dy: cube(n, channels), weight: [copies(normed)], bias: [scalarCopies(normed)] };
  const normAttributes = { irreps, epsilon: 1e-5, by: 'root-mean-square' as const };
  const extent = [2, 2, 2] as const;
  const depthwise = { x: cube(n, 4 * width), weight: [5, 5, 5, 4 * width] };
  return [
    operatorRow({ id: 'norm-gate/forward', what: `${printIrreps(normed)} -> ${printIrreps(irreps)}, ${n}^3`, repeats: 10, work: bytesOf(norm.x, norm.dy) }, norm, [{ name: 'GatedInstanceNorm', inputs: ['x', 'weight', 'bias'], attributes: normAttributes }]),
    operatorRow({ id: 'norm-gate/backward', what: `${printIrreps(normed)} -> ${printIrreps(irreps)}, ${n}^3`, repeats: 10, work: bytesOf(norm.x, norm.x, norm.dy) }, norm, [{ name: 'GatedInstanceNormBackward', inputs: ['dy', 'x', 'weight', 'bias'], attributes: normAttributes }]),
    operatorRow({ id: 'pool/forward', what: `by norm, ${printIrreps(irreps)}, ${n}^3 to ${half}^3`, repeats: 10, work: bytesOf(cube(n, channels), cube(half, channels)) }, { x: cube(2 * half, channels) }, [{ name: 'MaxPool', inputs: ['x'], attributes: { irreps, extent } }]),
    operatorRow({ id: 'upsample/forward', what: `trilinear, ${2 * channels} channels, ${half}^3 to ${n}^3`, repeats: 10, work: bytesOf(cube(half, 2 * channels), cube(n, 2 * channels)) }, { x: cube(half, 2 * channels) }, [{ name: 'Resample', inputs: ['x'], attributes: { method: 'linear', amount: extent, size: [half, half, half] } }]),
    operatorRow({ id: 'depthwise/forward', what: `${4 * width} channels, 5^3, ${n}^3`, repeats: 10, work: { amount: elements(depthwise.x) * kernelTaps, unit: 'multiply-adds' } }, depthwise, [{ name: 'DepthwiseConvolution', inputs: ['x', 'weight'], attributes: {} }]),
  ];
}

/** One training step: forward, loss, backward, Adam. */
function stepRow(id: string, model: unknown, what: string, { size: n = 64 }: BenchSizes): BenchRow {
  const spec: ModelSpec = modelSpec.parse(model);
  return {
    id,
    what: `${what}, three poolings, 5^3, one ${n}^3 volume, one input, three classes`,
    repeats: 3,
    figure: 'minimum',
    prepare: async () => {
      const network = buildNetwork(spec, 0);
      const adam = new Adam(network.variables, () => 5e-3);
      const image = randomTensor([1, n, n, n, 1], 'image') as Tensor5D;
      const random = Random.stream(0, 'labels');
      const labels = tensor(Int32Array.from({ length: n ** 3 }, () => random.integer(3)), [1, n, n, n], 'int32') as Tensor4D;
      return {
        run: () =>
          void tidy(() => {
            const { gradients } = valueAndGradients(() => segmentationLoss(network.logits(image), labels, { dice: true }));
            adam.apply(gradients);
          }),
        dispose: () => [image, labels, adam, network].forEach((one) => one.dispose()),
      };
    },
  };
}

/** Image in to label map out. */
function predictRow(id: string, model: unknown, what: string, { size: n = 64 }: BenchSizes): BenchRow {
  const spec: ModelSpec = modelSpec.parse(model);
  return {
    id,
    what: `${what}, three poolings, 5^3, one ${n}^3 volume, one input, three classes`,
    repeats: 5,
    figure: 'minimum',
    prepare: async () => {
      const network = buildNetwork(spec, 0);
      const image = randomTensor([1, n, n, n, 1], 'image') as Tensor5D;
      return {
        run: () => void tidy(() => void argMaxChannels(network.logits(image)).dataSync()),
        dispose: () => [image, network].forEach((one) => one.dispose()),
      };
    },
  };
}

/** New rotation in to label map out, as the window asks it. */
function liveRow(id: string, what: string, repeats: number, load: () => Promise<Network>, { size: n = 48 }: BenchSizes): BenchRow {
  const shape: Shape = [n, n, n];
  return {
    id,
    what: `${what} on a ${n}^3 input: new rotation in to label map out`,
    repeats,
    figure: 'median',
    prepare: async () => {
      const network = await load();
      const random = Random.stream(0, 'image');
      const volume = new SplineVolume({ data: Float32Array.from({ length: n ** 3 }, () => random.normal()), shape });
      return { run: (turn) => void predictVolume(network, [volume.rotate(planeRotation('sagittal', 7 * turn + 5), 0).data], shape), dispose: () => network.dispose() };
    },
  };
}

const steerable = (width = 8) => ({ architecture: 'steerable-unet', irreps: irrepsOfWidth(width), outputs: 3, poolings: 3, kernelSize: 5 });
const ordinary = (features = 30) => ({ architecture: 'unet', features, outputs: 3, poolings: 3, kernelSize: 5 });
const group = (features = 8) => ({ architecture: 'group-unet', group: 'klein', features, outputs: 3, poolings: 3, kernelSize: 5 });

export const benchRows = (steerableModel: string, machine: Machine | undefined, sizes: BenchSizes = {}): readonly BenchRow[] => [
  ...(machine ? machineRows(machine) : []),
  steerableConvolutionRow('steerable-conv/forward', 'SteerableConvolution', sizes),
  steerableConvolutionRow('steerable-conv/backward', 'SteerableConvolutionBackward', sizes),
  convolutionRow('conv/forward', false, sizes),
  convolutionRow('conv/backward', true, sizes),
  ...betweenRows(sizes),
  stepRow('steerable-unet/step', steerable(sizes.width), `steerable U-Net ${irrepsOfWidth(sizes.width ?? 8)}`, sizes),
  stepRow('unet/step', ordinary(sizes.width), `ordinary U-Net of ${sizes.width ?? 30} features`, sizes),
  stepRow('group-unet/step', group(sizes.width), `group CNN of ${sizes.width ?? 8} features for each of four rotations`, sizes),
  predictRow('unet/predict', ordinary(sizes.width), `ordinary U-Net of ${sizes.width ?? 30} features`, sizes),
  liveRow('live/48', 'the shipped steerable model', 30, async () => (await loadNetwork(steerableModel)).network, sizes),
  liveRow('live/48-full', 'steerable U-Net 8x0e+4x1e+2x2e, three poolings', 10, async () => buildNetwork(modelSpec.parse(steerable()), 0), sizes),
  {
    id: 'network/built',
    what: 'variables of the steerable U-Net 8x0e+4x1e+2x2e, three poolings',
    repeats: 5,
    figure: 'median',
    prepare: async () => ({ run: (turn) => buildNetwork(modelSpec.parse(steerable()), turn).dispose(), dispose: () => undefined }),
  },
];
