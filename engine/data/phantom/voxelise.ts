/** @file From bodies to voxels: how much of each tissue every voxel holds. Labels and intensities are both read from that, so they agree at every edge. */
import type { RotationMatrix, Shape } from '../../contract/engine-api';
import type { Vector3 } from '../../math/rotation';
import type { Body } from './anatomy';
import { tissueNames } from './tissues';

export interface Scan {
  readonly shape: Shape;
  readonly spacingMm: Vector3;
  /** Turns the head into the scanner. */
  readonly rotation: RotationMatrix;
  /** Where the head's origin lies from the middle of the field of view, in mm. */
  readonly shiftMm: Vector3;
  /** The head's anatomical deformation: from a place in this head to the place in the standard one, in mm. */
  readonly deform: (x: number, y: number, z: number, out: Float64Array) => void;
}

/**
 * Calls `voxel` for each voxel, x fastest, with the share of each tissue in it, in the order of {@link tissueNames}; the array is used again.
 * An edge is a ramp as wide as the smallest side of a voxel; thick slices are sampled several times along their thickness.
 */
export function voxelise(bodies: readonly Body[], { shape: [nx, ny, nz], spacingMm, rotation: r, shiftMm, deform }: Scan, voxel: (index: number, shares: Float64Array) => void): void {
  const width = Math.min(...spacingMm);
  const samples = spacingMm.map((size) => Math.min(6, Math.round(size / width)));
  const places = (axis: 0 | 1 | 2, size: number): Float64Array =>
    Float64Array.from({ length: size * samples[axis] }, (_, i) => ((i + 0.5) / samples[axis] - size / 2) * spacingMm[axis] - shiftMm[axis]);
  const [xs, ys, zs] = [places(0, nx), places(1, ny), places(2, nz)];
  const count = tissueNames.length;
  // a box is left out only where its body, softened by the ramp, is surely absent
  const boxes = Float64Array.from(bodies.flatMap(({ solid: { low, high } }) => [...low.map((corner) => corner - width), ...high.map((corner) => corner + width)]));
  const distances = bodies.map(({ solid }) => solid.distance);
  const tissueAt = bodies.map(({ tissue }) => tissueNames.indexOf(tissue));
  const shares = new Float64Array(count);
  const sample = new Float64Array(count);
  const p = new Float64Array(3);
  const perVoxel = samples[0] * samples[1] * samples[2];
  for (let k = 0, index = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, index++) {
        shares.fill(0);
        for (let c = k * samples[2]; c < (k + 1) * samples[2]; c++)
          for (let b = j * samples[1]; b < (j + 1) * samples[1]; b++)
            for (let a = i * samples[0]; a < (i + 1) * samples[0]; a++) {
              // the inverse rotation: the scanner's place in the head
              deform(r[0] * xs[a] + r[3] * ys[b] + r[6] * zs[c], r[1] * xs[a] + r[4] * ys[b] + r[7] * zs[c], r[2] * xs[a] + r[5] * ys[b] + r[8] * zs[c], p);
              const x = p[0], y = p[1], z = p[2];
              sample.fill(0);
              sample[0] = 1;
              for (let n = 0, box = 0; n < distances.length; n++, box += 6) {
                if (x < boxes[box] || y < boxes[box + 1] || z < boxes[box + 2] || x > boxes[box + 3] || y > boxes[box + 4] || z > boxes[box + 5]) continue;
                const covered = 0.5 - distances[n](x, y, z) / width;
                if (covered <= 0) continue;
                if (covered >= 1) sample.fill(0);
                else for (let t = 0; t < count; t++) sample[t] *= 1 - covered;
                sample[tissueAt[n]] += Math.min(1, covered);
              }
              for (let t = 0; t < count; t++) shares[t] += sample[t] / perVoxel;
            }
        voxel(index, shares);
      }
}
