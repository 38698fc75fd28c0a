import { tensor, tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { acceptedSizes } from '../../engine/contract/network-sizes';
import { cubeRotations } from '../../engine/math/rotation';
import { copiesOf, parseIrreps, printIrreps, type Irreps } from '../../engine/math/so3/irreps';
import { buildNetwork } from '../../engine/model/build-network';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { randomArray } from '../support/random-array';
import { relativeError } from '../support/relative-error';
import { turnedField } from '../support/turned-field';

const steerable = modelSpec.parse({ architecture: 'steerable-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e' });
const ordinary = modelSpec.parse({ architecture: 'unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 3, features: 5 });
const reflected = { equivariance: 'O3', maximumDegree: 3, irreps: '2x0e+2x0o+1x1e+1x1o+1x2o+1x3e', poolings: 1, kernelSize: 3 } as const;
const specs: [string, ModelSpec][] = [
  ['steerable, two poolings', steerable],
  ['steerable, no cut-off', { ...steerable, cutoff: false, poolings: 1 } as ModelSpec],
  ['steerable, scalars and rank 2 only, kernel 3', modelSpec.parse({ ...steerable, irreps: '3x0e+1x2e', kernelSize: 3, poolings: 1 })],
  ['steerable, no pooling', { ...steerable, poolings: 0 }],
  ['steerable, averaged, batch norm by mean norm, scalars on the way up', modelSpec.parse({ ...steerable, pooling: 'average', normalisation: { kind: 'batch', by: 'mean-norm' }, upIrreps: '8x0e' })],
  ['steerable, low-pass', modelSpec.parse({ ...steerable, poolings: 1, kernelSize: 3, pooling: 'low-pass' })],
  ['steerable, a vector field of scalars and vectors', modelSpec.parse({ ...steerable, inputs: 4, inputIrreps: '1x0e+1x1e', outputIrreps: '1x1e', poolings: 1 })],
  ['steerable, reflections, degrees up to 3, an odd vector field', modelSpec.parse({ ...steerable, ...reflected, outputIrreps: '1x1o' })],
  ['ordinary, two poolings', ordinary],
  ['ordinary, kernel 5, no pooling', { ...ordinary, kernelSize: 5, poolings: 0 }],
  ["group, Klein's", modelSpec.parse({ architecture: 'group-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, features: 4 })],
  ['group, of the cube', modelSpec.parse({ architecture: 'group-unet', group: 'cube', inputs: 2, outputs: 3, poolings: 1, kernelSize: 3, features: 2 })],
];
/** Of a size the network takes as it is. */
const imageFor = (spec: ModelSpec): NumberArray => {
  const side = 8 + acceptedSizes(spec).remainder;
  return randomArray('image', 1, side, side, side, spec.inputs);
};
const voxelsOf = ({ shape }: NumberArray): number => shape.slice(0, 4).reduce((product, size) => product * size, 1);
const logitsOf = (spec: ModelSpec, input: NumberArray, seed = 1): Float32Array => {
  const network = buildNetwork(spec, seed);
  try {
    return tidy(() => network.logits(tensor(Float32Array.from(input.data), input.shape as Tensor5D['shape'])).dataSync<'float32'>());
  } finally {
    network.dispose();
  }
};

let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend();
});
afterAll(() => handle.dispose());

describe.each(specs)('a fresh network: %s', (_, spec) => {
  it('gives logits of ordinary size', () => {
    const image = imageFor(spec);
    const logits = logitsOf(spec, image);
    expect(logits.length).toBe(voxelsOf(image) * 3);
    const deviation = Math.sqrt(logits.reduce((sum, value) => sum + value * value, 0) / logits.length);
    expect(deviation).toBeGreaterThan(0.05);
    expect(deviation).toBeLessThan(5);
  });
  it('is the same for the same seed, another for another', () => {
    expect(logitsOf(spec, imageFor(spec), 7)).toEqual(logitsOf(spec, imageFor(spec), 7));
    expect(logitsOf(spec, imageFor(spec), 8)).not.toEqual(logitsOf(spec, imageFor(spec), 7));
  });
  it('leaves no tensor and no block of the heap behind', () => {
    logitsOf(spec, imageFor(spec));
    const { heap } = handle.backend.machine;
    const before = [heap.blocks, handle.backend.numDataIds()];
    logitsOf(spec, imageFor(spec));
    expect([heap.blocks, handle.backend.numDataIds()]).toEqual(before);
  });
});

/** An image, its logits, and the irreps of both. */
function ends(spec: ModelSpec): { image: NumberArray; upright: NumberArray; inputs: Irreps; outputs: Irreps } {
  const image = imageFor(spec);
  const { inputIrreps = `${spec.inputs}x0e`, outputIrreps = `${spec.outputs}x0e` }: { inputIrreps?: string; outputIrreps?: string } = spec.architecture === 'steerable-unet' ? spec : {};
  const [inputs, outputs] = [inputIrreps, outputIrreps].map(parseIrreps);
  return { image, upright: { shape: [...image.shape.slice(0, 4), spec.outputs], data: Float64Array.from(logitsOf(spec, image)) }, inputs, outputs };
}

describe('under inversion', () => {
  /** (I f)(p) = f(-p), odd copies with the other sign. */
  const inverted = ({ shape, data }: NumberArray, irreps: Irreps): NumberArray => {
    const signs = copiesOf(irreps).flatMap(({ degree, parity }) => Array.from({ length: 2 * degree + 1 }, () => parity));
    const channels = signs.length;
    return { shape, data: data.map((_, i) => signs[i % channels]! * data[data.length - channels - (i - (i % channels)) + (i % channels)]!) };
  };
  const error = (spec: ModelSpec): number => {
    const { image, upright, inputs, outputs } = ends(spec);
    return relativeError(logitsOf(spec, inverted(image, inputs)), inverted(upright, outputs).data);
  };
  it.each(['norm', 'average'])('a network of O(3) with %s pooling gives the inverted odd vector field, one of SO(3) another', (pooling) => {
    expect(error(modelSpec.parse({ ...steerable, ...reflected, pooling, outputIrreps: '1x1o' }))).toBeLessThan(1e-4);
    expect(error(modelSpec.parse({ ...steerable, poolings: 1, pooling, outputIrreps: '1x1e' }))).toBeGreaterThan(1e-2);
  });
});

describe('under the 24 rotations of the cube', () => {
  /** Largest error of f(R image) against R f(image), over the rotations. */
  const worst = (spec: ModelSpec): number => {
    const { image, upright, inputs, outputs } = ends(spec);
    return Math.max(...cubeRotations.map(({ matrix }) => relativeError(logitsOf(spec, turnedField(image, inputs, matrix)), turnedField(upright, outputs, matrix).data)));
  };
  it('there are 24', () => expect(cubeRotations.length).toBe(24));
  it.each(specs.filter(([, { architecture }]) => architecture === 'steerable-unet'))('%s turns with its input to 1e-4', (_, spec) => expect(worst(spec)).toBeLessThan(1e-4));
  it('the ordinary network does not', () => expect(worst(ordinary)).toBeGreaterThan(0.1));
});

describe('irreps that no gate can give', () => {
  it.each(['2x1e+4x0e', '4x0e+0x1e', '4x0e+2x1e+1x1e'])('%s is refused', (irreps) => {
    expect(printIrreps(parseIrreps(irreps))).toBe(irreps);
    expect(() => buildNetwork({ ...steerable, irreps } as ModelSpec, 0)).toThrow(irreps);
  });
});

describe('what no kernel can be made of is refused', () => {
  it.each([
    ['smaller than a voxel', { kernelSize: 0.5 }],
    ['smaller than a voxel', { kernelSize: 5, steps: [6, 6, 6] }],
    ['needs a cut-off', { radialFunctions: 1, cutoff: false }],
  ])('%s', (message, fields) => expect(() => buildNetwork(modelSpec.parse({ ...steerable, ...fields }), 0)).toThrow(message));
});

describe('a network whose input does not reach its output is refused', () => {
  const reflecting = { ...steerable, equivariance: 'O3', poolings: 1 };
  it.each([
    ['an odd input that even scalars alone read', { ...reflecting, maximumDegree: 0, inputIrreps: '2x0o', irreps: '3x0e+1x1e' }, 'from its input, 2x0o, to 3x0e'],
    ['a pseudoscalar beside scalars', { ...reflecting, irreps: '2x0e+2x0o', outputs: 2, outputIrreps: '1x0e+1x0o' }, 'to 1x0o'],
    ['a vector by kernels of degree 0', { ...steerable, maximumDegree: 0, outputIrreps: '1x1e' }, 'to 1x1e'],
    ['a vector by kernels of one voxel', { ...steerable, poolings: 0, kernelSize: 1, cutoff: false, outputIrreps: '1x1e' }, 'to 1x1e'],
  ])('%s', (_, spec, message) => expect(() => buildNetwork(modelSpec.parse(spec), 0)).toThrow(message));
  it('but not where it takes a second layer, or the way over the top', () => {
    const built = (fields: object): void => buildNetwork(modelSpec.parse({ ...reflecting, ...fields }), 0).dispose();
    built({ irreps: '2x0e+1x1o+1x1e', outputIrreps: '1x1e' });
    built({ irreps: '2x0e+1x1o', upIrreps: '2x0e+1x1e', outputIrreps: '1x1e' });
  });
});
