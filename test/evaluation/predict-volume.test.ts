import '@tensorflow/tfjs-backend-cpu';
import { add, concat, memory, mul, neg, setBackend, tensor5d, type Tensor5D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Shape } from '../../engine/contract/engine-api';
import { predictUpright, predictVolume, windowsOf } from '../../engine/evaluation/predict-volume';
import { Random } from '../../engine/math/random';
import { cubeRotations } from '../../engine/math/rotation';
import { permuteVoxels } from '../../engine/math/turned-grid';
import { voxelCount } from '../../engine/math/volume';
import type { Network } from '../../engine/model/network';

beforeAll(() => setBackend('cpu'));

/** Background, positive, and beyond one: logits that look at one voxel only. */
const spec = { architecture: 'unet', schemaVersion: 1, inputs: 1, outputs: 3, poolings: 2, kernelSize: 3, padding: 'centred', features: 1 } as const;
const sizes: string[] = [];
const pointwise: Network = {
  spec,
  variables: new Map(),
  statistics: new Map(),
  logits(image: Tensor5D) {
    sizes.push(image.shape.join('x'));
    return concat([neg(image), image, add(mul(image, 2), -1)], 4) as Tensor5D;
  },
  dispose: () => {},
};
const expected = (image: Float32Array): number[] => Array.from(image, (value) => (value > 1 ? 2 : value > 0 ? 1 : 0));
const random = Random.stream(1, 'image');
const noise = (shape: Shape): Float32Array => Float32Array.from({ length: voxelCount(shape) }, () => random.normal());
const small = { windowSize: 8 };

describe('predictVolume', () => {
  it('predicts whole what fits, with z first in the tensor', () => {
    const image = noise([4, 8, 12]);
    sizes.length = 0;
    expect([...predictVolume(pointwise, [image], [4, 8, 12])]).toEqual(expected(image));
    expect(sizes).toEqual(['1x12x8x4x1']);
  });

  it('gives the same through windows, and leaves no tensor behind', () => {
    const shape = [20, 8, 28] as const;
    const image = noise(shape);
    const before = memory().numTensors;
    sizes.length = 0;
    expect([...predictVolume(pointwise, [image], shape, small)]).toEqual(expected(image));
    expect(new Set(sizes)).toEqual(new Set(['1x8x8x8x1']));
    expect(sizes.length).toBe(4 * 1 * 6);
    expect(memory().numTensors).toBe(before);
  });

  it('gives contrasts to the network as channels, whole and through windows', () => {
    const shape = [12, 8, 8] as const;
    const [first, second] = [noise(shape), noise(shape)];
    // background where the second contrast is the larger
    const compare: Network = { ...pointwise, spec: { ...spec, inputs: 2 }, logits: (image) => tensor5d(Float32Array.from({ length: image.size / 2 * 3 }, (_, i) => (i % 3 === 2 ? -99 : image.dataSync()[2 * Math.floor(i / 3) + 1 - (i % 3)]!)), [...image.shape.slice(0, 4), 3] as Tensor5D['shape']) };
    const wanted = Array.from(first, (value, i) => (value > second[i]! ? 1 : 0));
    expect([...predictVolume(compare, [first, second], shape)]).toEqual(wanted);
    expect([...predictVolume(compare, [first, second], shape, small)]).toEqual(wanted);
  });

  it('weights the middle of a window most: where windows disagree, the nearer centre wins', () => {
    let call = 0;
    const contrary: Network = { ...pointwise, logits: (image) => { const [, z, y, x] = image.shape; const sign = call++ === 0 ? 1 : -1; return tensor5d(Float32Array.from({ length: z * y * x * 3 }, (_, i) => (i % 3 === 0 ? sign : 0)), [1, z, y, x, 3]); } };
    const row = predictVolume(contrary, [new Float32Array(12 * 64)], [12, 8, 8], small).subarray(0, 12);
    // Two windows, 0..7 and 4..11: the first says background, the second anything else.
    expect([...row]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('commutes with right angles through windows', () => {
    const shape = [20, 20, 20] as const;
    const image = { data: noise(shape), shape };
    const upright = { data: predictVolume(pointwise, [image.data], shape, small), shape };
    for (const { matrix } of cubeRotations.slice(0, 8)) expect(predictVolume(pointwise, [permuteVoxels(image, matrix, shape)!.data], shape, small)).toEqual(permuteVoxels(upright, matrix, shape)!.data);
  });

  it('refuses sizes the network cannot halve, and stops between windows', () => {
    expect(() => predictVolume(pointwise, [noise([6, 8, 8])], [6, 8, 8])).toThrow('multiples of 4, not on 6x8x8');
    expect(() => predictVolume({ ...pointwise, spec: { ...spec, inputs: 2 } }, [noise([4, 4, 4])], [4, 4, 4])).toThrow('takes 2 contrasts of each case, and there is 1');
    let windows = 0;
    expect(() => predictVolume(pointwise, [noise([20, 20, 20])], [20, 20, 20], { ...small, isCancelled: () => ++windows > 2 })).toThrow('cancelled');
    expect(windows).toBe(3);
  });
});

describe('windowsOf', () => {
  it('covers the volume from both ends alike, overlapping by half at least', () => {
    for (const length of [128, 132, 192, 193, 200, 256, 300, 508]) {
      const starts = windowsOf([length, 128, 64], [128, 128, 128]).map(({ start }) => start[0]);
      const ends = starts.map((start) => length - 128 - start).reverse();
      expect(starts).toEqual(ends);
      expect([starts[0], starts.at(-1)]).toEqual([0, length - 128]);
      for (let i = 1; i < starts.length; i++) expect(starts[i] - starts[i - 1]).toBeLessThanOrEqual(64 + 1);
    }
  });
});

it('predictUpright shows the network as much fill as its margin asks for, and cuts it off again', () => {
  const shape = [5, 6, 7] as const;
  const images = [{ data: noise(shape), shape }];
  sizes.length = 0;
  const labels = predictUpright(pointwise, images, { margin: 7 });
  expect(sizes).toEqual(['1x16x16x12x1']);
  expect(labels).toEqual(predictUpright(pointwise, images));
});

it('predictUpright gives labels in the shape of the file', () => {
  const shape = [5, 6, 7] as const;
  const image = noise(shape);
  const labels = predictUpright(pointwise, [{ data: image, shape }]);
  expect(labels.shape).toEqual(shape);
  const mean = image.reduce((a, b) => a + b) / image.length;
  const deviation = Math.sqrt(image.reduce((a, b) => a + (b - mean) ** 2, 0) / image.length);
  expect([...labels.data]).toEqual(expected(image.map((value) => (value - mean) / deviation)));
});
