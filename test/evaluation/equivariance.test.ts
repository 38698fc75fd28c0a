import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import { modelSpec } from '../../engine/contract/model-spec';
import { equivarianceErrors, rightAnglesOf } from '../../engine/evaluation/equivariance';
import { cubeRotations, rotationAbout } from '../../engine/math/rotation';
import { parseIrreps } from '../../engine/math/so3/irreps';
import { turnField } from '../../engine/math/so3/turn-field';
import { buildNetwork } from '../../engine/model/build-network';
import { randomArray } from '../support/random-array';
import { relativeError } from '../support/relative-error';
import { turnedField } from '../support/turned-field';

let handle: BackendHandle;
beforeAll(async () => {
  handle = await startBackend();
});
afterAll(() => handle.dispose());
const measured = (spec: Record<string, unknown>) => {
  const network = buildNetwork(modelSpec.parse({ outputs: 2, poolings: 1, kernelSize: 3, ...spec }), 1);
  try {
    return equivarianceErrors(network, { size: 16, rotations: 1 });
  } finally {
    network.dispose();
  }
};

describe('the equivariance meter', () => {
  it('finds a steerable network at rounding for right angles, and off by little in between', () => {
    const layers = measured({ architecture: 'steerable-unet', irreps: '2x0e+1x1e+1x2e', kernelSize: 5 });
    expect(layers.map(({ layer }) => layer)).toEqual(expect.arrayContaining(['down.down_blocks.0.conv1 SteerableConvolution', 'up.up_blocks.0.batchnorm2 GatedInstanceNorm', 'logits']));
    expect(layers.find(({ layer }) => layer.includes('conv1 Steerable'))!.irreps).toBe('4x0e+1x1e+1x2e');
    for (const { layer, rightAngles } of layers) expect({ layer, isRounding: rightAngles < 1e-4 }).toEqual({ layer, isRounding: true });
    expect(layers.at(-1)).toMatchObject({ layer: 'logits', irreps: '2x0e' });
    expect(layers.at(-1)!.arbitrary).toBeGreaterThan(1e-4);
    expect(layers.at(-1)!.arbitrary).toBeLessThan(0.5);
  });
  it('finds an ordinary network far off, from the first layer on', () => {
    const layers = measured({ architecture: 'unet', features: 3 });
    expect(layers[0]!.rightAngles).toBeGreaterThan(0.1);
    expect(layers.at(-1)!.rightAngles).toBeGreaterThan(0.1);
  });
  it.each(['klein', 'cube'])('finds the layers of a group CNN over %s at rounding for its group, the whole beside all right angles', (group) => {
    const layers = measured({ architecture: 'group-unet', group, features: 2 });
    const { layer, rightAngles } = layers.at(-1)!;
    expect(layer).toBe('logits');
    if (group === 'cube') expect(rightAngles).toBeLessThan(1e-4);
    else expect(rightAngles).toBeGreaterThan(0.1);
    expect(layers.length).toBeGreaterThan(10);
    for (const one of layers.slice(0, -1)) expect(one).toMatchObject({ rightAngles: expect.closeTo(0, 4) as number, arbitrary: undefined });
  });
  it.each([{ inputs: 4 }, { inputs: 4, inputIrreps: '1x0e+1x1e' }])('turns the components of an input of %o', (input) => {
    const layers = measured({ architecture: 'steerable-unet', irreps: '2x0e+1x1e', ...input });
    for (const { layer, rightAngles } of layers) expect({ layer, isRounding: rightAngles < 1e-4 }).toEqual({ layer, isRounding: true });
  });
  it('takes only the right angles that carry voxels onto voxels', () => {
    const spec = { architecture: 'steerable-unet', irreps: '2x0e+1x1e', steps: [1, 1, 2], kernelSize: 5, outputs: 2, poolings: 1 };
    expect(rightAnglesOf(modelSpec.parse(spec))).toHaveLength(8);
    const layers = measured(spec);
    for (const one of layers) expect(one).toMatchObject({ rightAngles: expect.closeTo(0, 4) as number, arbitrary: undefined });
  });
  it('refuses sizes that the poolings do not divide', () => {
    const network = buildNetwork(modelSpec.parse({ architecture: 'unet', outputs: 2, poolings: 1, kernelSize: 3, features: 1 }), 1);
    expect(() => equivarianceErrors(network, { size: 15, rotations: 1 })).toThrow(/multiples of 2, not on 15/);
    network.dispose();
  });
});

describe('a turned field', () => {
  const irreps = parseIrreps('1x0e+1x1e+1x2e');
  it('moves voxels and turns components exactly at right angles', () => {
    const field = randomArray('field', 1, 6, 6, 6, 9);
    for (const { matrix } of cubeRotations) expect(relativeError(turnField(Float32Array.from(field.data), [6, 6, 6], irreps, matrix), turnedField(field, irreps, matrix).data)).toBeLessThan(1e-6);
  });
  it('of the gradient of a radial function is itself at any angle', () => {
    const size = 17;
    const field = new Float32Array(size ** 3 * 3);
    for (let v = 0; v < size ** 3; v++) {
      const p = [v % size, Math.floor(v / size) % size, Math.floor(v / size ** 2)].map((at) => at - 8);
      const fall = Math.exp(-(p[0]! ** 2 + p[1]! ** 2 + p[2]! ** 2) / 8);
      p.forEach((component, c) => (field[v * 3 + c] = component * fall));
    }
    expect(relativeError(turnField(field, [size, size, size], parseIrreps('1x1e'), rotationAbout([1, 2, 3], 40)), field)).toBeLessThan(5e-3);
  });
});
