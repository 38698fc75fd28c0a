import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { acceptedSizes, accepts } from '../../engine/contract/network-sizes';
import { trainingSpec } from '../../engine/contract/training-spec';
import { canvasFor, placeOnCanvas } from '../../engine/data/canvas';
import { permuteVoxels } from '../../engine/math/turned-grid';
import { voxelCount } from '../../engine/math/volume';
import { drawSample, drawValidationSample } from '../../engine/training/sampler';
import { TurnedCase } from '../../engine/training/turned-case';
import { tinySpec } from '../support/tiny-dataset';

const shape = [13, 10, 21] as const;
const value = (i: number): number => ((i * 7919) % 101) / 50;
const one = { id: 'a', images: [{ shape, data: Float32Array.from({ length: voxelCount(shape) }, (_, i) => value(i)) }], labels: { shape, data: Uint8Array.from({ length: voxelCount(shape) }, (_, i) => (i % 7 === 0 ? 1 : 0)) }, fills: [-0.5] };
/** Smooth, with two structures: a ball of 33 voxels and a cube of 27 in a corner. */
const smooth = {
  id: 'b',
  images: [0, 1].map((contrast) => ({ shape, data: Float32Array.from({ length: voxelCount(shape) }, (_, i) => Math.cos(i % 13) + contrast) })),
  labels: { shape, data: Uint8Array.from({ length: voxelCount(shape) }, (_, i) => (i % 13 < 3 && Math.floor(i / 13) % 10 < 3 && i < 390 ? 2 : Math.hypot((i % 13) - 6, (Math.floor(i / 13) % 10) - 5, Math.floor(i / 130) - 9) <= 2 ? 1 : 0)) },
  fills: [-2, 3],
};
const specOf = (fields: object) => trainingSpec.parse({ ...tinySpec, ...fields });
const sizes = acceptedSizes(specOf({}).model);
const steps = Array.from({ length: 30 }, (_, i) => i + 1);
const has = (labels: Uint8Array, label: number): boolean => labels.includes(label);

describe('a sample that is not augmented', () => {
  it.each([
    [{ kind: 'volume', marginVoxels: 9 }, '5dc1ac2bfef453130d1a5f9540f5eac021450dbde4bb8b1654b6d8e8c0c648e7'],
    [{ kind: 'patch', patchSize: 12, marginVoxels: 9, foregroundShare: 0 }, '14f1e50591ed6fae3626acd6666155565942e31371da5c07951c81d67b2a2489'],
  ])('%o has the bits it had before there was augmentation', (sampling, expected) => {
    const hash = createHash('sha256');
    for (let step = 1; step < 20; step++) {
      const { images, labels } = drawSample(specOf({ sampling }), one, step, sizes);
      hash.update(images[0]!.data).update(labels.data).update(labels.shape.join());
    }
    expect(hash.digest('hex')).toBe(expected);
  });
});

describe('augmentation', () => {
  it('draws the same from the same seed and step, another from another step', () => {
    const spec = specOf({ augmentation: { rotationDegrees: 180, mirror: true, intensity: true } });
    expect(drawSample(spec, smooth, 3, sizes)).toEqual(drawSample(spec, { ...smooth }, 3, sizes));
    expect(drawSample(spec, smooth, 3, sizes)).not.toEqual(drawSample(spec, smooth, 4, sizes));
  });
  it('turns images and labels alike and cuts no label, on sizes the network takes', () => {
    const spec = specOf({ augmentation: { rotationDegrees: 180 }, sampling: { marginVoxels: 0 } });
    const labels = { shape, data: Uint8Array.from(smooth.labels.data, (label) => (label === 1 ? 1 : 0)) };
    // the image is the label: wherever one is surely inside, so is the other
    const same = { ...smooth, labels, images: [{ shape, data: Float32Array.from(labels.data) }], fills: [0] };
    let turned = 0;
    for (const step of steps) {
      const sample = drawSample(spec, same, step, sizes);
      expect(accepts(sizes, sample.labels.shape)).toBe(true);
      const sum = sample.labels.data.reduce((a, b) => a + b);
      expect(Math.abs(sum - 33)).toBeLessThanOrEqual(6);
      expect(sample.images[0]!.data.every((v, i) => Math.abs(v - sample.labels.data[i]!) < 0.8)).toBe(true);
      if (sample.images[0]!.data.some((v) => v !== 0 && v !== 1)) turned++;
    }
    expect(turned).toBe(30);
    const corner = { ...smooth, labels: { shape, data: Uint8Array.from(smooth.labels.data, (label) => (label === 2 ? 1 : 0)) } };
    for (const step of steps) expect(drawSample(spec, corner, step, sizes).labels.data.reduce((a, b) => a + b)).toBeGreaterThan(17);
  });
  it('gets no canvas larger than the case with its margin, or the largest extent of its turned labels', () => {
    const corner = { ...smooth, labels: { shape, data: smooth.labels.data.map((_, at) => (at === 0 || at === smooth.labels.data.length - 1 ? 1 : 0)) } };
    const spec = specOf({ augmentation: { rotationDegrees: 180 }, sampling: { marginVoxels: 0 } });
    const turned = new TurnedCase(corner, sizes).largestExtent(180);
    const most = canvasFor(shape.map((size, axis) => Math.max(size, turned[axis]!)) as unknown as typeof shape, sizes);
    const drawn = steps.map((step) => drawSample(spec, corner, step, sizes).labels.shape);
    for (const axis of [0, 1, 2]) expect(Math.max(...drawn.map((canvas) => canvas[axis]!))).toBeLessThanOrEqual(most[axis]!);
    expect(drawn.some((canvas) => canvas.some((size, axis) => size > shape[axis]!))).toBe(true);
  });
  it('a turn by nothing and a right angle agree with moving voxels', () => {
    const turned = new TurnedCase(smooth, sizes);
    const canvas = [24, 24, 24] as const;
    const quarter = [0, -1, 0, 1, 0, 0, 0, 0, 1] as const;
    const block = { start: [2, 3, 4], size: [17, 16, 15] } as const;
    const { images, labels } = turned.block(quarter, canvas, block);
    const exact = permuteVoxels(placeOnCanvas(smooth.images[1]!, canvas, 3), quarter, canvas)!;
    const reference = permuteVoxels(placeOnCanvas(smooth.labels, canvas, 0), quarter, canvas)!;
    for (let z = 0; z < 15; z++) for (let y = 0; y < 16; y++) for (let x = 0; x < 17; x++) {
      const [here, there] = [x + 17 * (y + 16 * z), x + 2 + 24 * (y + 3 + 24 * (z + 4))] as const;
      expect(Math.abs(images[1]!.data[here]! - exact.data[there]!)).toBeLessThan(0.02);
      expect(labels.data[here]).toBe(reference.data[there]);
    }
  });
  it('mirrors each axis in about half of the samples, moving voxels only', () => {
    const spec = specOf({ augmentation: { mirror: true }, sampling: { marginVoxels: 0 } });
    const upright = placeOnCanvas(one.images[0]!, [14, 10, 22], -0.5).data.map((v) => v);
    const kinds = steps.map((step) => {
      const { data, shape: canvas } = drawSample(spec, one, step, sizes).images[0]!;
      expect(canvas).toEqual([14, 10, 22]);
      expect(Float32Array.from(data).sort()).toEqual(Float32Array.from(upright).sort());
      return data.join();
    });
    expect(new Set(kinds).size).toBe(8);
  });
  it('changes intensities within bounds and leaves labels and sometimes images alone', () => {
    const [plain, varied] = [{ intensity: false }, { intensity: true }].map((augmentation) => specOf({ augmentation }));
    const changed = steps.filter((step) => {
      const [before, after] = [plain!, varied!].map((spec) => drawSample(spec, smooth, step, sizes));
      expect(after!.labels).toEqual(before!.labels);
      after!.images.forEach(({ data }) => expect(data.every((v) => Number.isFinite(v) && Math.abs(v) < 10)).toBe(true));
      return after!.images[0]!.data.some((v, i) => v !== before!.images[0]!.data[i]);
    });
    // 1 - 0.9 * 0.85^2 * 0.9 * 0.7 = 0.59
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.length).toBeLessThan(25);
  });
});

describe('foreground sampling', () => {
  it.each([{}, { rotationDegrees: 180, mirror: true }])('centres the share of patches on a structure, each structure as often (%o)', (augmentation) => {
    const sampling = { kind: 'patch', patchSize: 8, marginVoxels: 6 };
    const centres = [1, 0].map((foregroundShare) => {
      const spec = specOf({ augmentation, sampling: { ...sampling, foregroundShare } });
      return steps.map((step) => drawSample(spec, smooth, step, sizes).labels);
    });
    for (const labels of centres.flat()) expect(labels.shape).toEqual([8, 8, 8]);
    const hits = centres.map((all) => all.filter(({ data }) => has(data, 1) || has(data, 2)).length);
    expect(hits[0]).toBe(30);
    expect(hits[1]).toBeLessThan(25);
    expect(centres[0]!.filter(({ data }) => has(data, 2)).length).toBeGreaterThan(7);
  });
  it('gives validation the same patch in every epoch, without augmentation', () => {
    const spec = specOf({ augmentation: { rotationDegrees: 180, intensity: true }, sampling: { kind: 'patch', patchSize: 8, marginVoxels: 6 } });
    const sample = drawValidationSample(spec, one, sizes);
    expect(drawValidationSample(spec, { ...one }, sizes)).toEqual(sample);
    const values = new Set([Math.fround(-0.5), ...one.images[0]!.data]);
    expect(sample.images[0]!.data.every((v) => values.has(v))).toBe(true);
  });
});
