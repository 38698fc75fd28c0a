import { tensor, tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { cubeRotations } from '../../engine/math/rotation';
import { parseIrreps, printIrreps } from '../../engine/math/so3/irreps';
import { buildNetwork } from '../../engine/model/build-network';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { randomArray } from '../support/random-array';
import { relativeError } from '../support/relative-error';
import { turnedField } from '../support/turned-field';

const steerable = modelSpec.parse({ architecture: 'steerable-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, irreps: '4x0e+2x1e+1x2e' });
const ordinary = modelSpec.parse({ architecture: 'unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 3, features: 5 });
const specs: [string, ModelSpec][] = [
  ['steerable, two poolings', steerable],
  ['steerable, no cut-off', { ...steerable, cutoff: false, poolings: 1 } as ModelSpec],
  ['steerable, scalars and rank 2 only, kernel 3', modelSpec.parse({ ...steerable, irreps: '3x0e+1x2e', kernelSize: 3, poolings: 1 })],
  ['steerable, no pooling', { ...steerable, poolings: 0 }],
  ['ordinary, two poolings', ordinary],
  ['ordinary, kernel 5, no pooling', { ...ordinary, kernelSize: 5, poolings: 0 }],
  ["group, Klein's", modelSpec.parse({ architecture: 'group-unet', inputs: 2, outputs: 3, poolings: 2, kernelSize: 5, features: 4 })],
  ['group, of the cube', modelSpec.parse({ architecture: 'group-unet', group: 'cube', inputs: 2, outputs: 3, poolings: 1, kernelSize: 3, features: 2 })],
];
const image = randomArray('image', 1, 8, 8, 8, 2);
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
    const logits = logitsOf(spec, image);
    expect(logits.length).toBe(8 ** 3 * 3);
    const deviation = Math.sqrt(logits.reduce((sum, value) => sum + value * value, 0) / logits.length);
    expect(deviation).toBeGreaterThan(0.05);
    expect(deviation).toBeLessThan(5);
  });
  it('is the same for the same seed, another for another', () => {
    expect(logitsOf(spec, image, 7)).toEqual(logitsOf(spec, image, 7));
    expect(logitsOf(spec, image, 8)).not.toEqual(logitsOf(spec, image, 7));
  });
  it('leaves no tensor and no block of the heap behind', () => {
    logitsOf(spec, image);
    const { heap } = handle.backend.machine;
    const before = [heap.blocks, handle.backend.numDataIds()];
    logitsOf(spec, image);
    expect([heap.blocks, handle.backend.numDataIds()]).toEqual(before);
  });
});

describe('under the 24 rotations of the cube', () => {
  const scalars = parseIrreps('2x0e');
  /** Largest error of f(R image) against R f(image), over the rotations. */
  const worst = (spec: ModelSpec): number => {
    const outputs = parseIrreps(`${spec.outputs}x0e`);
    const upright: NumberArray = { shape: [1, 8, 8, 8, spec.outputs], data: Float64Array.from(logitsOf(spec, image)) };
    return Math.max(...cubeRotations.map(({ matrix }) => relativeError(logitsOf(spec, turnedField(image, scalars, matrix)), turnedField(upright, outputs, matrix).data)));
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
