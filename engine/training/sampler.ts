/** @file What each step sees. Everything follows from seed, epoch and step, so that a resumed training sees the same. */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import type { AcceptedSizes } from '../contract/network-sizes';
import type { TrainingSpec } from '../contract/training-spec';
import { drawTurn, varyIntensities } from '../data/augment';
import { canvasFor } from '../data/canvas';
import { Random } from '../math/random';
import { identityRotation } from '../math/rotation';
import { wholeBlock, type Block } from '../math/turned-grid';
import type { Volume } from '../math/volume';
import type { TrainingCase } from './training-data';
import { TurnedCase } from './turned-case';

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

/** The case in a canvas with random margins of its fill, or a patch of that; turned, mirrored and its intensities changed where the spec says so. The canvas is enlarged where it would cut turned labels. */
export function drawSample(spec: TrainingSpec, one: TrainingCase, step: number, sizes: AcceptedSizes): Sample {
  const random = Random.stream(spec.seed, `sample ${step}`);
  const changes = Random.stream(spec.seed, `augmentation ${step}`);
  const turn = drawTurn(spec.augmentation, changes);
  const sample = placed(spec, one, turn, sizes, random, Random.stream(spec.seed, `foreground ${step}`));
  if (spec.augmentation.intensity) varyIntensities(sample.images.map(({ data }) => data), changes);
  return sample;
}

/** A validation case in a canvas of its own margins, or a patch of that; never augmented, and the same in every epoch. */
export const drawValidationSample = (spec: TrainingSpec, one: TrainingCase, sizes: AcceptedSizes): Sample =>
  placed(spec, one, identityRotation, sizes, Random.stream(spec.seed, `validation ${one.id}`), Random.stream(spec.seed, `validation foreground ${one.id}`));

function placed(spec: TrainingSpec, one: TrainingCase, turn: RotationMatrix, sizes: AcceptedSizes, random: Random, foreground: Random): Sample {
  const turned = turnedCase(one, sizes);
  const canvas = turned.enlarged(marginCanvas(one.labels.shape, spec.sampling.marginVoxels, sizes, random), turn);
  const block = spec.sampling.kind === 'volume' ? wholeBlock(canvas) : drawPatch(spec, one, turn, canvas, sizes, random, foreground);
  return { caseId: one.id, ...turned.block(turn, canvas, block) };
}

/** A patch anywhere in the canvas, or centred on a labelled voxel as near as its border allows. */
function drawPatch({ sampling: { patchSize, foregroundShare }, lossOptions: { ignoreLabel } }: TrainingSpec, one: TrainingCase, turn: RotationMatrix, canvas: Shape, sizes: AcceptedSizes, random: Random, foreground: Random): Block {
  const patch = canvasFor([patchSize, patchSize, patchSize], sizes);
  const size = canvas.map((extent, axis) => Math.min(extent, patch[axis]!)) as unknown as Shape;
  const anywhere = canvas.map((extent, axis) => random.integer(extent - size[axis]! + 1)) as unknown as Shape;
  const voxel = foreground.uniform() < foregroundShare ? drawLabelledVoxel(one.labels, ignoreLabel, foreground) : null;
  if (!voxel) return { start: anywhere, size };
  const centre = turnedCase(one, sizes).turnedPlace(voxel, turn, canvas);
  return { start: centre.map((at, axis) => Math.min(canvas[axis]! - size[axis]!, Math.max(0, Math.round(at - (size[axis]! - 1) / 2)))) as unknown as Shape, size };
}

/** A structure of those the case has, then one of its voxels, each uniformly; null without labels. */
function drawLabelledVoxel({ data, shape: [nx, ny] }: Volume<Uint8Array>, ignoreLabel: number | undefined, random: Random): Shape | null {
  const counts = new Uint32Array(256);
  for (const label of data) counts[label]!++;
  const present = Array.from(counts.keys()).filter((label) => label !== 0 && label !== ignoreLabel && counts[label]! > 0);
  if (present.length === 0) return null;
  const structure = present[random.integer(present.length)]!;
  let left = random.integer(counts[structure]!);
  const at = data.findIndex((label) => label === structure && left-- === 0);
  return [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
}

/** What turning a case keeps from one sample to the next lives as long as the case. */
const turnedCases = new WeakMap<TrainingCase, TurnedCase>();
function turnedCase(one: TrainingCase, sizes: AcceptedSizes): TurnedCase {
  if (!turnedCases.has(one)) turnedCases.set(one, new TurnedCase(one, sizes));
  return turnedCases.get(one)!;
}

/** Fill of 0 to `margin` voxels an axis in all, rounded up to what the network takes. */
function marginCanvas(shape: Shape, margin: number, sizes: AcceptedSizes, random: Random): Shape {
  return canvasFor(shape.map((extent) => extent + random.integer(margin + 1)) as unknown as Shape, sizes);
}
