/** @file What `gyra bench` measures: one function a row, made ready before the clock starts. */
import { tensor, tidy, type Tensor, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import type { Machine } from '../backends/wasm/machine';
import type { Shape } from '../contract/engine-api';
import { modelSpec, type ModelSpec } from '../contract/model-spec';
import { predictVolume } from '../evaluation/predict-volume';
import { Random } from '../math/random';
import { planeRotation } from '../math/rotation';
import { dimension, harmonicIrreps, parseIrreps, printIrreps } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { SplineVolume } from '../math/spline-volume';
import { buildNetwork } from '../model/build-network';
import { multiplyAdds, type OperatorShapes } from '../model/multiply-adds';
import type { Network } from '../model/network';
import { argMaxChannels } from '../ops/arg-max-channels';
import { valueAndGradients } from '../ops/backpropagation';
import type { SteerableConvolutionAttributes } from '../ops/operators';
import { runOperator } from '../ops/run-operator';
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

/** 8x0e+4x1e+2x2e -> 14x0e+4x1e+2x2e at 48^3: the second layer of the paper's network. */
function steerableConvolutionRow(id: string, direction: 'SteerableConvolution' | 'SteerableConvolutionBackward', { size: n = 48, width = 8 }: BenchSizes): BenchRow {
  const irrepsIn = parseIrreps(irrepsOfWidth(width));
  const [, vectors, tensors] = irrepsIn;
  const irrepsOut = [{ ...irrepsIn[0]!, multiplicity: width + vectors!.multiplicity + tensors!.multiplicity }, vectors!, tensors!];
  const harmonics = harmonicIrreps(2);
  const attributes: SteerableConvolutionAttributes = { irrepsIn, irrepsOut, harmonics, lattice: { diameter: 5, steps: [1, 1, 1], radialFunctions: 5, cutoff: true } };
  const shapes = {
    x: [1, n, n, n, dimension(irrepsIn)],
    dy: [1, n, n, n, dimension(irrepsOut)],
    weight: [5, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))],
    self: [weightsOf(selfPathsOf(irrepsIn, irrepsOut))],
  };
  return {
    id,
    what: `${printIrreps(irrepsIn)} -> ${printIrreps(irrepsOut)}, 5^3, ${n}^3${direction === 'SteerableConvolution' ? '' : ', both gradients'}`,
    repeats: 10,
    figure: 'minimum',
    work: { amount: multiplyAdds({ name: direction, shapes, attributes } as OperatorShapes), unit: 'multiply-adds' },
    prepare: async () => {
      const x = randomTensor(shapes.x, 'x');
      const dy = randomTensor(shapes.dy, 'dy');
      const weight = randomTensor(shapes.weight, 'weight');
      const self = randomTensor(shapes.self, 'self');
      return {
        run: () => void tidy(() => void (direction === 'SteerableConvolution' ? runOperator(direction, { x, weight, self }, attributes) : runOperator(direction, { dy, x, weight, self }, attributes))),
        dispose: () => [x, dy, weight, self].forEach((one) => one.dispose()),
      };
    },
  };
}

/** Ordinary convolution of as many channels as the steerable one; the multiply-adds are those of the definition. */
function convolutionRow(id: string, backward: boolean, { size: n = 48, width = 30 }: BenchSizes): BenchRow {
  const channelsOut = Math.round(1.2 * width);
  return {
    id,
    what: `${width} -> ${channelsOut} channels, 5^3, ${n}^3${backward ? ', both gradients' : ''}`,
    repeats: 5,
    figure: 'minimum',
    work: { amount: (backward ? 2 : 1) * n ** 3 * kernelTaps * width * channelsOut, unit: 'multiply-adds' },
    prepare: async () => {
      const x = randomTensor([1, n, n, n, width], 'x');
      const dy = randomTensor([1, n, n, n, channelsOut], 'dy');
      const weight = randomTensor([5, 5, 5, width, channelsOut], 'weight');
      const run = backward
        ? () => [runOperator('ConvolutionBackwardInput', { dy, weight }, {}), runOperator('ConvolutionBackwardWeight', { dy, x }, { kernelSize: 5 })]
        : () => runOperator('Convolution', { x, weight }, {});
      return { run: () => void tidy(() => void run()), dispose: () => [x, dy, weight].forEach((one) => one.dispose()) };
    },
  };
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
