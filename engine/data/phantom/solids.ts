/** @file Smooth bodies described by their distance: ellipsoids and bent tubes, in mm. */
import { identityRotation, type Vector3 } from '../../math/rotation';
import type { RotationMatrix } from '../../contract/engine-api';

/** Distance of a point to a surface in mm, negative inside; exact near the surface to the first order. */
export type Distance = (x: number, y: number, z: number) => number;

export interface Solid {
  readonly distance: Distance;
  /** Corners of a box that holds it. */
  readonly low: Vector3;
  readonly high: Vector3;
}

/** @param rotation Turns the ellipsoid's own axes into the head's. */
export function ellipsoid([cx, cy, cz]: Vector3, [rx, ry, rz]: Vector3, rotation: RotationMatrix = identityRotation): Solid {
  const [a, b, c, d, e, f, g, h, i] = rotation;
  const reach = [0, 3, 6].map((row) => Math.hypot(rotation[row] * rx, rotation[row + 1] * ry, rotation[row + 2] * rz));
  return {
    low: [cx - reach[0], cy - reach[1], cz - reach[2]],
    high: [cx + reach[0], cy + reach[1], cz + reach[2]],
    distance: (px, py, pz) => {
      const x = px - cx, y = py - cy, z = pz - cz;
      const u = (a * x + d * y + g * z) / rx;
      const v = (b * x + e * y + h * z) / ry;
      const w = (c * x + f * y + i * z) / rz;
      const radius = Math.sqrt(u * u + v * v + w * w);
      const slope = Math.sqrt((u * u) / (rx * rx) + (v * v) / (ry * ry) + (w * w) / (rz * rz));
      return slope < 1e-9 ? -Math.min(rx, ry, rz) : (radius * (radius - 1)) / slope;
    },
  };
}

/** A tube along a smooth curve (Catmull and Rom) through points, each with the tube's radius there. */
export function tube(points: readonly (readonly [x: number, y: number, z: number, radius: number])[]): Solid {
  const pieces = 5;
  const along = points.slice(1).flatMap((_, i) => Array.from({ length: pieces }, (_, j) => curvePoint(points, i, j / pieces)));
  along.push([...points.at(-1)!]);
  const flat = Float64Array.from(along.flat());
  const segments = along.length - 1;
  const extreme = (of: (...values: number[]) => number, sign: number): Vector3 => [0, 1, 2].map((axis) => of(...along.map((point) => point[axis] + sign * point[3]))) as unknown as Vector3;
  return {
    low: extreme(Math.min, -1),
    high: extreme(Math.max, 1),
    distance: (x, y, z) => {
      let nearest = Infinity;
      for (let s = 0; s < 4 * segments; s += 4) {
        const ax = flat[s], ay = flat[s + 1], az = flat[s + 2], radius = flat[s + 3];
        const bx = flat[s + 4] - ax, by = flat[s + 5] - ay, bz = flat[s + 6] - az;
        const dx = x - ax, dy = y - ay, dz = z - az;
        const t = Math.min(1, Math.max(0, (dx * bx + dy * by + dz * bz) / (bx * bx + by * by + bz * bz)));
        const distance = Math.sqrt((dx - t * bx) ** 2 + (dy - t * by) ** 2 + (dz - t * bz) ** 2) - radius - t * (flat[s + 7] - radius);
        if (distance < nearest) nearest = distance;
      }
      return nearest;
    },
  };
}

/** Bodies as one, rounded over `blend` mm where they meet (polynomial smooth minimum). */
export function union(solids: readonly Solid[], blend: number): Solid {
  const distances = solids.map(({ distance }) => distance);
  return {
    low: [0, 1, 2].map((axis) => Math.min(...solids.map(({ low }) => low[axis])) - blend / 4) as unknown as Vector3,
    high: [0, 1, 2].map((axis) => Math.max(...solids.map(({ high }) => high[axis])) + blend / 4) as unknown as Vector3,
    distance: (x, y, z) => {
      let joined = distances[0](x, y, z);
      for (let i = 1; i < distances.length; i++) {
        const other = distances[i](x, y, z);
        const near = Math.max(blend - Math.abs(joined - other), 0);
        joined = Math.min(joined, other) - (near * near) / (4 * blend);
      }
      return joined;
    },
  };
}

/** The body with its surface moved inwards by what `depth` says, in mm; where that is negative, outwards by at most `outwards`. */
export function carved({ distance, low, high }: Solid, depth: Distance, outwards = 0): Solid {
  return {
    low: low.map((corner) => corner - outwards) as unknown as Vector3,
    high: high.map((corner) => corner + outwards) as unknown as Vector3,
    distance: (x, y, z) => distance(x, y, z) + depth(x, y, z),
  };
}

/** What lies in the first body and not outside the second. */
export const intersection = (first: Solid, second: Distance): Solid => ({ ...first, distance: (x, y, z) => Math.max(first.distance(x, y, z), second(x, y, z)) });

/** Several bodies ask the same surface about the same place in turn: the last answer is kept. */
export function remembered(distance: Distance): Distance {
  let lastX = NaN, lastY = NaN, lastZ = NaN, last = NaN;
  return (x, y, z) => {
    if (x !== lastX || y !== lastY || z !== lastZ) {
      last = distance(x, y, z);
      lastX = x;
      lastY = y;
      lastZ = z;
    }
    return last;
  };
}
export const remember = (solid: Solid): Solid => ({ ...solid, distance: remembered(solid.distance) });

function curvePoint(points: readonly (readonly number[])[], i: number, t: number): number[] {
  const [p, a, b, n] = [points[i - 1] ?? points[i], points[i], points[i + 1], points[i + 2] ?? points[i + 1]];
  return a.map((_, k) => 0.5 * (2 * a[k] + (b[k] - p[k]) * t + (2 * p[k] - 5 * a[k] + 4 * b[k] - n[k]) * t * t + (3 * (a[k] - b[k]) + n[k] - p[k]) * t ** 3));
}
