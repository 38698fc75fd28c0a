/** @file What `gyra bench` measures: one function a row, made ready before the clock starts. */
import { tensor, tidy, type Tensor, type Tensor4D, type Tensor5D } from '@tensorflow/tfjs-core';
import type { Shape } from '../contract/engine-api';
import { modelSpec, type ModelSpec } from '../contract/model-spec';
import { predictVolume } from '../evaluation/predict-volume';
import { Random } from '../math/random';
import { planeRotation } from '../math/rotation';
import { dimension, harmonicIrreps, parseIrreps } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import { SplineVolume } from '../math/spline-volume';
import { buildNetwork } from '../model/build-network';
import type { Network } from '../model/network';
import { argMaxChannels } from '../ops/arg-max-channels';
import { valueAndGradients } from '../ops/backpropagation';
import type { SteerableConvolutionAttributes } from '../ops/operators';
import { runOperator } from '../ops/run-operator';
import { segmentationLoss } from '../ops/segmentation-loss';
import { Adam } from '../training/adam';
import { loadNetwork } from '../training/weights-file';

export interface BenchRow {
  readonly id: string;
  /** What is measured, with its sizes. */
  readonly what: string;
  readonly repeats: number;
  /** The figure given: least of all repeats, or the median where a person would feel it. */
  readonly figure: 'minimum' | 'median';
  /** Makes inputs and returns what is timed; the timed function is given its turn. */
  prepare(): Promise<{ run: (turn: number) => void; dispose: () => void }>;
}

function randomTensor(shape: number[], name: string): Tensor {
  const random = Random.stream(0, name);
  return tensor(Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => random.uniform() - 0.5), shape);
}

/** 8x0e+4x1e+2x2e -> 14x0e+4x1e+2x2e at 48^3: the widest layer of the paper's network. */
function convolutionRow(id: string, direction: 'SteerableConvolution' | 'SteerableConvolutionBackward'): BenchRow {
  const [irrepsIn, irrepsOut] = [parseIrreps('8x0e+4x1e+2x2e'), parseIrreps('14x0e+4x1e+2x2e')];
  const harmonics = harmonicIrreps(2);
  const attributes: SteerableConvolutionAttributes = { irrepsIn, irrepsOut, harmonics, lattice: { diameter: 5, steps: [1, 1, 1], radialFunctions: 5, cutoff: true } };
  const n = 48;
  return {
    id,
    what: `8x0e+4x1e+2x2e -> 14x0e+4x1e+2x2e, 5^3, ${n}^3${direction === 'SteerableConvolution' ? '' : ', both gradients'}`,
    repeats: 10,
    figure: 'minimum',
    prepare: async () => {
      const x = randomTensor([1, n, n, n, dimension(irrepsIn)], 'x');
      const dy = randomTensor([1, n, n, n, dimension(irrepsOut)], 'dy');
      const weight = randomTensor([5, weightsOf(pathsOf(irrepsIn, irrepsOut, harmonics))], 'weight');
      const self = randomTensor([weightsOf(selfPathsOf(irrepsIn, irrepsOut))], 'self');
      return {
        run: () => void tidy(() => void (direction === 'SteerableConvolution' ? runOperator(direction, { x, weight, self }, attributes) : runOperator(direction, { dy, x, weight, self }, attributes))),
        dispose: () => [x, dy, weight, self].forEach((one) => one.dispose()),
      };
    },
  };
}

/** One training step: forward, loss, backward, Adam. */
function stepRow(id: string, model: unknown, what: string): BenchRow {
  const spec: ModelSpec = modelSpec.parse(model);
  const n = 64;
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
function predictRow(id: string, model: unknown, what: string): BenchRow {
  const spec: ModelSpec = modelSpec.parse(model);
  const n = 64;
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
function liveRow(id: string, what: string, repeats: number, load: () => Promise<Network>): BenchRow {
  const n = 48;
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

const steerable = { architecture: 'steerable-unet', irreps: '8x0e+4x1e+2x2e', outputs: 3, poolings: 3, kernelSize: 5 };
const ordinary = { architecture: 'unet', features: 30, outputs: 3, poolings: 3, kernelSize: 5 };

export const benchRows = (steerableModel: string): readonly BenchRow[] => [
  convolutionRow('steerable-conv/forward', 'SteerableConvolution'),
  convolutionRow('steerable-conv/backward', 'SteerableConvolutionBackward'),
  stepRow('steerable-unet/step', steerable, 'steerable U-Net 8x0e+4x1e+2x2e'),
  stepRow('unet/step', ordinary, 'ordinary U-Net of 30 features'),
  predictRow('unet/predict', ordinary, 'ordinary U-Net of 30 features'),
  liveRow('live/48', 'the shipped steerable model', 30, async () => (await loadNetwork(steerableModel)).network),
  liveRow('live/48-full', 'steerable U-Net 8x0e+4x1e+2x2e, three poolings', 10, async () => buildNetwork(modelSpec.parse(steerable), 0)),
  {
    id: 'network/built',
    what: 'variables of the steerable U-Net 8x0e+4x1e+2x2e, three poolings',
    repeats: 5,
    figure: 'median',
    prepare: async () => ({ run: (turn) => buildNetwork(modelSpec.parse(steerable), turn).dispose(), dispose: () => undefined }),
  },
];
