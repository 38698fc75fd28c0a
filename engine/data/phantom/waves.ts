/** @file Smooth random functions of place: sums of a few plane waves in random directions. */
import type { Random } from '../../math/random';
import type { Vector3 } from '../../math/rotation';

export interface Waves {
  (x: number, y: number, z: number): number;
  /** Where all waves meet. */
  readonly largest: number;
}

/** Values mostly within -1 .. 1, of standard deviation 0.5. */
export function waves(random: Random, count: number, [shortest, longest]: readonly [shortestMm: number, longestMm: number]): Waves {
  const flat = new Float64Array(4 * count);
  for (let i = 0; i < 4 * count; i += 4) {
    const [x, y, z] = direction(random);
    const wave = (2 * Math.PI) / (shortest + (longest - shortest) * random.uniform());
    flat.set([wave * x, wave * y, wave * z, 2 * Math.PI * random.uniform()], i);
  }
  const height = 0.5 * Math.sqrt(2 / count);
  const value = (x: number, y: number, z: number): number => {
    let sum = 0;
    for (let i = 0; i < 4 * count; i += 4) sum += Math.sin(flat[i] * x + flat[i + 1] * y + flat[i + 2] * z + flat[i + 3]);
    return height * sum;
  };
  return Object.assign(value, { largest: height * count });
}

/** Uniform on the unit sphere. */
export function direction(random: Random): Vector3 {
  const [x, y, z] = [random.normal(), random.normal(), random.normal()];
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
