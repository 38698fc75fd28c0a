import { tensor, tidy, type Tensor5D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec, type ModelSpec } from '../../engine/contract/model-spec';
import { cubeRotations } from '../../engine/math/rotation';
import { rotationGroup } from '../../engine/math/rotation-group';
import { parseIrreps } from '../../engine/math/so3/irreps';
import { buildNetwork } from '../../engine/model/build-network';
import { parameterCount } from '../../engine/model/cost';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { randomArray } from '../support/random-array';
import { relativeError } from '../support/relative-error';
import { turnedField } from '../support/turned-field';

const shared = { architecture: 'group-unet', inputs: 2, outputs: 3, features: 3 };
const klein = modelSpec.parse({ ...shared, poolings: 2, kernelSize: 5 });
const cube = modelSpec.parse({ ...shared, group: 'cube', poolings: 1, kernelSize: 3, features: 2 });

let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend();
});
afterAll(() => handle.dispose());

function logitsOf(spec: ModelSpec, { shape, data }: NumberArray): NumberArray {
  const network = buildNetwork(spec, 1);
  try {
    const logits = tidy(() => network.logits(tensor(Float32Array.from(data), shape as Tensor5D['shape'])).dataSync<'float32'>());
    return { shape: [...shape.slice(0, 4), spec.outputs], data: Float64Array.from(logits) };
  } finally {
    network.dispose();
  }
}
/** Largest error of f(R image) against R f(image), for each rotation. */
function errorsUnder(spec: ModelSpec, image: NumberArray, rotations: readonly (readonly number[])[]): number[] {
  const [inputs, outputs] = [parseIrreps(`${spec.inputs}x0e`), parseIrreps(`${spec.outputs}x0e`)];
  const upright = logitsOf(spec, image);
  return rotations.map((rotation) => relativeError(logitsOf(spec, turnedField(image, inputs, rotation)).data, turnedField(upright, outputs, rotation).data));
}

describe('the group U-Net turns with its input to 1e-5', () => {
  it.each([
    ["Klein's group on an even volume, kernel 5, two poolings", klein, [1, 8, 12, 4, 2]],
    ["Klein's group, kernel 3, no pooling", { ...klein, kernelSize: 3, poolings: 0 } as ModelSpec, [1, 5, 3, 6, 2]],
    ['the cube, kernel 3, one pooling', cube, [1, 6, 6, 6, 2]],
    ['the cube, kernel 5, no pooling', { ...cube, kernelSize: 5, poolings: 0 } as ModelSpec, [1, 5, 5, 5, 2]],
  ])('%s', (_, spec, shape) => {
    const group = rotationGroup((spec as { group: 'klein' | 'cube' }).group);
    const errors = errorsUnder(spec, randomArray('image', ...shape), group);
    expect(errors).toHaveLength(group.length);
    expect(Math.max(...errors)).toBeLessThan(1e-5);
  });
  it("but Klein's not by 90 degrees", () => {
    const quarters = cubeRotations.filter(({ angleDegrees }) => angleDegrees === 90).map(({ matrix }) => matrix);
    expect(Math.min(...errorsUnder({ ...klein, poolings: 1 }, randomArray('image', 1, 6, 6, 6, 2), quarters))).toBeGreaterThan(0.05);
  });
});

describe('its parameters', () => {
  it.each([['klein', 4], ['cube', 24]] as const)('of the group %s: lifting, group and spatial halves, norms, no bias', (group, order) => {
    const separable = (from: number, to: number) => order * from * to + 27 * to;
    const convolutions = [[4, 4], [4, 4], [4, 8], [8, 8], [12, 4], [4, 4], [4, 3]].reduce((sum, [from, to]) => sum + separable(from!, to!), 27 * 1 * 4);
    const norms = 2 * (2 * 4 + 2 * 8 + 2 * 4);
    expect(parameterCount(modelSpec.parse({ architecture: 'group-unet', group, outputs: 3, poolings: 1, kernelSize: 3, features: 4 }))).toEqual({ stored: convolutions + norms, live: convolutions + norms });
  });
});
