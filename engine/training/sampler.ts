/** @file What each step sees. Everything follows from seed, epoch and step, so that a resumed training sees the same. */
import type { Shape } from '../contract/engine-api';
import type { AcceptedSizes } from '../contract/network-sizes';
import type { TrainingSpec } from '../contract/training-spec';
import { canvasFor, placeOnCanvas } from '../data/canvas';
import { Random } from '../math/random';
import { voxelCount, type Volume } from '../math/volume';
import type { TrainingCase } from './training-data';

export interface Sample {
  readonly caseId: string;
  /** One for each contrast. */
  readonly images: readonly Volume<Float32Array>[];
  readonly labels: Volume<Uint8Array>;
}

/** The cases of one epoch in order: shuffled passes through all of them, continued from epoch to epoch. */
export function epochCases<T>(cases: readonly T[], seed: number, epoch: number, steps: number): readonly T[] {
  const first = epoch * steps;
  const passes = new Map<number, readonly T[]>();
  return Array.from({ length: steps }, (_, i) => {
    const pass = Math.floor((first + i) / cases.length);
    if (!passes.has(pass)) passes.set(pass, Random.stream(seed, `pass ${pass}`).shuffle(cases));
    return passes.get(pass)![(first + i) % cases.length]!;
  });
}

/** The case in a canvas with random margins of its fill, or a patch of that. */
export function drawSample(spec: TrainingSpec, { id, images, labels, fills }: TrainingCase, step: number, sizes: AcceptedSizes): Sample {
  const random = Random.stream(spec.seed, `sample ${step}`);
  const canvas = marginCanvas(labels.shape, spec.sampling.marginVoxels, sizes, random);
  const whole = { images: images.map((image, contrast) => placeOnCanvas(image, canvas, fills[contrast]!)), labels: placeOnCanvas(labels, canvas, 0) };
  if (spec.sampling.kind === 'volume') return { caseId: id, ...whole };
  const { patchSize } = spec.sampling;
  const patch = canvasFor([patchSize, patchSize, patchSize], sizes);
  const size = canvas.map((extent, axis) => Math.min(extent, patch[axis]!)) as unknown as Shape;
  const origin = canvas.map((extent, axis) => random.integer(extent - size[axis]! + 1)) as unknown as Shape;
  return { caseId: id, images: whole.images.map((image) => cut(image, origin, size)), labels: cut(whole.labels, origin, size) };
}

/** Fill of 0 to `margin` voxels an axis in all, rounded up to what the network takes. */
export function marginCanvas(shape: Shape, margin: number, sizes: AcceptedSizes, random: Random): Shape {
  return canvasFor(shape.map((extent) => extent + random.integer(margin + 1)) as unknown as Shape, sizes);
}

function cut<T extends Float32Array | Uint8Array>({ data, shape }: Volume<T>, [x0, y0, z0]: Shape, size: Shape): Volume<T> {
  const out = (data instanceof Float32Array ? new Float32Array(voxelCount(size)) : new Uint8Array(voxelCount(size))) as T;
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) {
      const from = x0 + shape[0] * (y + y0 + shape[1] * (z + z0));
      out.set(data.subarray(from, from + size[0]), size[0] * (y + size[1] * z));
    }
  return { data: out, shape: size };
}
