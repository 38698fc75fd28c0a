/**
 * @file What augmentation changes in a sample: its orientation and its intensities, from random numbers it is given.
 * Intensities as nnU-Net does (Isensee et al., Nature Methods 2021, Methods and supplement 4), without blur and simulated low resolution.
 */
import { planes, type RotationMatrix } from '../contract/engine-api';
import type { TrainingSpec } from '../contract/training-spec';
import { compose, identityRotation, planeRotation } from '../math/rotation';
import type { Random } from '../math/random';

/** An orthogonal matrix: first mirrored, each axis with probability 1/2, then turned in one of the three planes by an angle uniform in plus or minus `rotationDegrees`. */
export function drawTurn({ rotationDegrees, mirror }: TrainingSpec['augmentation'], random: Random): RotationMatrix {
  const [x, y, z] = [0, 1, 2].map(() => (mirror && random.uniform() < 0.5 ? -1 : 1)) as [number, number, number];
  const rotation = rotationDegrees > 0 ? planeRotation(planes[random.integer(3)]!, rotationDegrees * (2 * random.uniform() - 1)) : identityRotation;
  return compose(rotation, [x, 0, 0, 0, y, 0, 0, 0, z]).map((entry) => entry + 0) as unknown as RotationMatrix;
}

/** Probability that a change is made, and the range its strength is drawn from. */
const changes = {
  /** Variance of Gaussian noise, in units of the normalised image. */
  noise: { probability: 0.1, range: [0, 0.1] },
  /** Factor. */
  brightness: { probability: 0.15, range: [0.75, 1.25] },
  /** Factor of the distance from the mean, cut to the range there was. */
  contrast: { probability: 0.15, range: [0.75, 1.25] },
  /** Exponent on the image scaled to 0..1, of the inverted image and of the image; mean and standard deviation stay. */
  invertedGamma: { probability: 0.1, range: [0.7, 1.5] },
  gamma: { probability: 0.3, range: [0.7, 1.5] },
} as const;

/** Changes the intensities of a sample in place. Whether a change is made is drawn once, its strength for each contrast. */
export function varyIntensities(contrasts: readonly Float32Array[], random: Random): void {
  const vary = ({ probability, range: [low, high] }: { probability: number; range: readonly [number, number] }, change: (data: Float32Array, strength: number) => void): void => {
    if (random.uniform() >= probability) return;
    for (const data of contrasts) change(data, low + (high - low) * random.uniform());
  };
  vary(changes.noise, (data, variance) => replace(data, (value) => value + Math.sqrt(variance) * random.normal()));
  vary(changes.brightness, (data, factor) => replace(data, (value) => value * factor));
  vary(changes.contrast, (data, factor) => {
    const { mean, lowest, highest } = statistics(data);
    replace(data, (value) => Math.min(highest, Math.max(lowest, mean + (value - mean) * factor)));
  });
  vary(changes.invertedGamma, (data, exponent) => {
    replace(data, (value) => -value);
    bend(data, exponent);
    replace(data, (value) => -value);
  });
  vary(changes.gamma, bend);
}

/** Gamma that keeps mean and standard deviation. */
function bend(data: Float32Array, exponent: number): void {
  const before = statistics(data);
  const range = before.highest - before.lowest;
  if (range === 0) return;
  replace(data, (value) => ((value - before.lowest) / range) ** exponent);
  const after = statistics(data);
  replace(data, (value) => before.mean + (before.deviation / after.deviation) * (value - after.mean));
}

function replace(data: Float32Array, change: (value: number) => number): void {
  for (let i = 0; i < data.length; i++) data[i] = change(data[i]!);
}

function statistics(data: Float32Array): { mean: number; deviation: number; lowest: number; highest: number } {
  let [sum, squares, lowest, highest] = [0, 0, Infinity, -Infinity];
  for (const value of data) {
    sum += value;
    squares += value * value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const mean = sum / data.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / data.length - mean * mean)), lowest, highest };
}
