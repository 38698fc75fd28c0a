/** @file One phantom: a head that never was, scanned. Everything follows from kind, settings, seed and number. */
import type { RotationMatrix, Shape } from '../../contract/engine-api';
import type { PhantomKind, PhantomSettings } from '../../contract/phantom-settings';
import { Random } from '../../math/random';
import { rotationAbout, type Vector3 } from '../../math/rotation';
import { voxelCount, type Volume } from '../../math/volume';
import { brain, headCover, type Body } from './anatomy';
import { lesion } from './lesion';
import { brainStructures, brightnessOf, contrasts, materialNames, tissueNames, tissueOf, tumourParts } from './tissues';
import { voxelise, type Scan } from './voxelise';
import { direction, waves } from './waves';

export interface PhantomCase {
  /** One for each contrast, whole numbers of about 1000 in white matter. */
  readonly images: readonly Volume<Float32Array>[];
  /** 1 to 7 as in {@link brainStructures}, or 1 to 3 as in {@link tumourParts}. */
  readonly labels: Volume<Uint8Array>;
  readonly spacingMm: Vector3;
}

/** Sides of the cube that holds the head in any pose, in mm. */
const fieldOfViewMm = { brain: 160, tumour: 152 } as const;
const whiteMatter = 1000;

/** Names of the images of a case. */
export const phantomContrasts = (kind: PhantomKind): readonly string[] => (kind === 'brain' ? ['T1'] : contrasts);

/** @param index Number of the case, from 0; it is a different head for every seed. */
export function phantomCase(kind: PhantomKind, settings: PhantomSettings, seed: number, index: number): PhantomCase {
  const stream = (what: string): Random => Random.stream(seed, `phantom ${kind} ${index} ${what}`);
  const shape: Shape = settings.size;
  const spacingMm = settings.spacingMm ?? (shape.map((size) => fieldOfViewMm[kind] / size) as unknown as Vector3);
  const bodies = bodiesOf(kind, stream);
  const scan: Scan = { shape, spacingMm, ...poseOf(settings, stream('pose')), deform: deformation(stream('deformation')) };

  const labelOf = tissueNames.map((name) => {
    const { structure, part } = tissueOf(name);
    return kind === 'brain' ? (structure ? brainStructures.indexOf(structure) + 1 : 0) : part ? tumourParts.indexOf(part) + 1 : 0;
  });
  const channels = phantomContrasts(kind).length;
  const brightness = brightnesses(channels, settings.contrastVariation, stream('contrast'));
  const images = Array.from({ length: channels }, () => new Float32Array(voxelCount(shape)));
  const labels = new Uint8Array(voxelCount(shape));
  const byLabel = new Float64Array(1 + Math.max(...labelOf));
  voxelise(bodies, scan, (at, shares) => {
    byLabel.fill(0);
    for (let t = 0; t < shares.length; t++) {
      if (shares[t] === 0) continue;
      byLabel[labelOf[t]] += shares[t];
      for (let c = 0; c < channels; c++) images[c][at] += shares[t] * brightness[c][t];
    }
    // a label where its tissues fill most of the voxel; the lowest wins a tie
    for (let label = 1; label < byLabel.length; label++) if (byLabel[label] > byLabel[labels[at]]) labels[at] = label;
  });
  images.forEach((image, c) => acquire(image, scan, settings, stream(`scanner ${c}`)));
  return { images: images.map((data) => ({ data, shape })), labels: { data: labels, shape }, spacingMm };
}

function bodiesOf(kind: PhantomKind, stream: (what: string) => Random): readonly Body[] {
  const inside = brain(stream('anatomy'));
  const { bodies } = inside;
  if (kind === 'brain') return [...headCover(stream('cover'), inside), ...bodies];
  const { oedema, core } = lesion(stream('lesion'), inside.hemispheres);
  const firstDeep = bodies.findIndex(({ tissue }) => tissue === 'stem');
  return [...bodies.slice(0, firstDeep), oedema, ...bodies.slice(firstDeep), ...core];
}

/** Upright with a little jitter, or any rotation (a random unit quaternion: Shoemake 1992). */
function poseOf({ pose, jitterDegrees }: PhantomSettings, random: Random): { rotation: RotationMatrix; shiftMm: Vector3 } {
  const shiftMm: Vector3 = [1.5 * random.normal(), 1.5 * random.normal(), 1.5 * random.normal()];
  if (pose === 'upright') return { rotation: rotationAbout(direction(random), jitterDegrees * random.normal()), shiftMm };
  const quaternion = Array.from({ length: 4 }, () => random.normal());
  const vector = quaternion.slice(1) as unknown as Vector3;
  return { rotation: rotationAbout(vector, (2 * Math.atan2(Math.hypot(...vector), quaternion[0]) * 180) / Math.PI), shiftMm };
}

/** Size and proportions of the head, and bends of a few millimetres over a few centimetres. */
function deformation(random: Random): Scan['deform'] {
  const all = 1 + 0.03 * random.normal();
  const [sx, sy, sz] = [0, 1, 2].map(() => all * (1 + 0.025 * random.normal()));
  const [bendX, bendY, bendZ] = [0, 1, 2].map(() => waves(random, 3, [75, 170]));
  const height = 4.5;
  return (x, y, z, out) => {
    out[0] = sx * x + height * bendX(x, y, z);
    out[1] = sy * y + height * bendY(x, y, z);
    out[2] = sz * z + height * bendZ(x, y, z);
  };
}

/** [contrast][tissue]; tissues of one material stay equal in every case. */
function brightnesses(channels: number, variation: number, random: Random): readonly Float64Array[] {
  return Array.from({ length: channels }, (_, c) => {
    const ofMaterial = new Map(materialNames.map((material) => [material, brightnessOf(material)[c] * Math.exp(variation * random.normal())]));
    return Float64Array.from(tissueNames, (name) => ofMaterial.get(tissueOf(name).material)!);
  });
}

/** What the scanner does to an image: the coil's smooth bias, noise, and its own unit, in whole numbers. */
function acquire(image: Float32Array, { shape: [nx, ny, nz] }: Scan, { biasField, noise: { kind, deviation } }: PhantomSettings, random: Random): void {
  // quadratic in place, largest magnitude 1: the coil does not turn with the head
  const weights = Array.from({ length: 9 }, () => random.normal());
  const polynomial = (x: number, y: number, z: number): number =>
    weights[0] * x + weights[1] * y + weights[2] * z + weights[3] * x * x + weights[4] * y * y + weights[5] * z * z + weights[6] * x * y + weights[7] * y * z + weights[8] * z * x;
  const strength = biasField / weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, at++) {
        const bias = Math.exp(strength * polynomial((2 * i) / (nx - 1) - 1, (2 * j) / (ny - 1) - 1, (2 * k) / (nz - 1) - 1));
        // both parts of the complex noise from one draw (Box and Muller)
        const size = deviation * Math.sqrt(-2 * Math.log(1 - random.uniform()));
        const angle = 2 * Math.PI * random.uniform();
        const real = image[at] * bias + size * Math.cos(angle);
        const imaginary = size * Math.sin(angle);
        image[at] = Math.round(whiteMatter * (kind === 'rician' ? Math.sqrt(real * real + imaginary * imaginary) : real));
      }
}
