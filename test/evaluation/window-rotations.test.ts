/** @file Right angles stay exact when a steerable network sees a volume through windows. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import type { Shape } from '../../engine/contract/engine-api';
import { modelSpec } from '../../engine/contract/model-spec';
import { predictVolume } from '../../engine/evaluation/predict-volume';
import { Random } from '../../engine/math/random';
import { cubeRotations } from '../../engine/math/rotation';
import { permuteVoxels } from '../../engine/math/turned-grid';
import { voxelCount } from '../../engine/math/volume';
import { buildNetwork } from '../../engine/model/build-network';

let handle: BackendHandle;
beforeAll(async () => void (handle = await startBackend({ threads: 1 })));
afterAll(() => handle.dispose());

it('all 24 rotations of the cube turn the labels with the image, up to voxels where rounding alone decides', () => {
  const network = buildNetwork(modelSpec.parse({ architecture: 'steerable-unet', irreps: '2x0e+1x1e', outputs: 2, poolings: 1, kernelSize: 3 }), 2);
  const shape: Shape = [14, 20, 8];
  const random = Random.stream(1, 'windows');
  const image = { shape, data: Float32Array.from({ length: voxelCount(shape) }, () => random.normal()) };
  const upright = { shape, data: predictVolume(network, [image.data], shape, { windowSize: 8 }) };
  const ones = upright.data.reduce((sum, label) => sum + label);
  expect(Math.min(ones, upright.data.length - ones)).toBeGreaterThan(0.05 * upright.data.length);
  expect(upright.data).not.toEqual(predictVolume(network, [image.data], shape));
  for (const { matrix } of cubeRotations) {
    const to = [0, 3, 6].map((row) => [0, 1, 2].reduce((sum, axis) => sum + Math.abs(matrix[row + axis]!) * shape[axis]!, 0)) as unknown as Shape;
    const labels = predictVolume(network, [permuteVoxels(image, matrix, to)!.data], to, { windowSize: 8 });
    const expected = permuteVoxels(upright, matrix, to)!.data;
    expect(labels.filter((label, i) => label !== expected[i]).length).toBeLessThanOrEqual(2);
  }
  network.dispose();
});
