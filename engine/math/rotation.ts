/** @file Rotations in three dimensions: the one place where an angle becomes a matrix, for the viewer and for every protocol. */
import type { Plane, RotationMatrix } from '../contract/engine-api';

export type Vector3 = readonly [x: number, y: number, z: number];

export interface AxisAngle {
  /** Unit vector. */
  axis: Vector3;
  /** 0 to 180. */
  angleDegrees: number;
}

export const identityRotation: RotationMatrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Axis about which a plane turns: right-left for sagittal, front-back for coronal, foot-head for axial. */
export const planeAxes: Readonly<Record<Plane, Vector3>> = { sagittal: [1, 0, 0], coronal: [0, 1, 0], axial: [0, 0, 1] };

/** Right-handed rotation about an axis of any length but zero (Rodrigues); multiples of 90 degrees about x, y or z are exact. */
export function rotationAbout(axis: Vector3, angleDegrees: number): RotationMatrix {
  const length = Math.hypot(...axis);
  const [x, y, z] = axis.map((component) => component / length) as [number, number, number];
  const [sine, cosine] = sineAndCosine(angleDegrees);
  const rest = 1 - cosine;
  return [
    cosine + x * x * rest, x * y * rest - z * sine, x * z * rest + y * sine,
    y * x * rest + z * sine, cosine + y * y * rest, y * z * rest - x * sine,
    z * x * rest - y * sine, z * y * rest + x * sine, cosine + z * z * rest,
  ];
}

/** Rotation within an anatomical plane of a volume in RAS order. */
export const planeRotation = (plane: Plane, angleDegrees: number): RotationMatrix => rotationAbout(planeAxes[plane], angleDegrees);

/** First `first`, then `second`. */
export function compose(second: RotationMatrix, first: RotationMatrix): RotationMatrix {
  return Array.from({ length: 9 }, (_, i) => {
    const row = i - (i % 3);
    const column = i % 3;
    return second[row] * first[column] + second[row + 1] * first[column + 3] + second[row + 2] * first[column + 6];
  });
}

export const inverseRotation = ([a, b, c, d, e, f, g, h, i]: RotationMatrix): RotationMatrix => [a, d, g, b, e, h, c, f, i];

export const rotateVector = (r: RotationMatrix, [x, y, z]: Vector3): Vector3 => [r[0] * x + r[1] * y + r[2] * z, r[3] * x + r[4] * y + r[5] * z, r[6] * x + r[7] * y + r[8] * z];

/** Of a turn about an axis: what lies beyond is reached sooner the other way round. */
export const largestAngleDegrees = 180;

/** Axis and angle by way of the unit quaternion, which stays accurate near 0 and 180 degrees; the identity has axis z. */
export function axisAngle(r: RotationMatrix): AxisAngle {
  const trace = r[0] + r[4] + r[8];
  // Four times the square of w, x, y, z; dividing by the largest loses no digits.
  const squares = [1 + trace, 1 + 2 * r[0] - trace, 1 + 2 * r[4] - trace, 1 + 2 * r[8] - trace];
  const largest = squares.indexOf(Math.max(...squares));
  const products = [
    [squares[0], r[7] - r[5], r[2] - r[6], r[3] - r[1]],
    [r[7] - r[5], squares[1], r[1] + r[3], r[2] + r[6]],
    [r[2] - r[6], r[1] + r[3], squares[2], r[5] + r[7]],
    [r[3] - r[1], r[2] + r[6], r[5] + r[7], squares[3]],
  ][largest];
  const sign = products[0] < 0 ? -1 : 1;
  const [w, x, y, z] = products.map((product) => sign * product + 0);
  const length = Math.hypot(x, y, z);
  if (length < 1e-12 * Math.abs(w)) return { axis: [0, 0, 1], angleDegrees: 0 };
  return { axis: [x / length, y / length, z / length], angleDegrees: (2 * Math.atan2(length, w) * 180) / Math.PI };
}

export interface CubeRotation extends AxisAngle {
  /** Entries are exactly -1, 0 or 1. */
  matrix: RotationMatrix;
}

/** The 24 rotations of the cube, identity first, then by angle (90, 120, 180 degrees). */
export const cubeRotations: readonly CubeRotation[] = signedPermutations()
  .map((matrix) => ({ matrix, ...axisAngle(matrix) }))
  .sort((a, b) => Math.round(a.angleDegrees - b.angleDegrees))
  .map((rotation) => ({ ...rotation, angleDegrees: Math.round(rotation.angleDegrees) }));

/** Whether a matrix only permutes and turns round axes, so that voxels can be moved without interpolation. */
export const isSignedPermutation = (r: RotationMatrix): boolean => r.every((entry) => entry === 0 || entry === 1 || entry === -1);

function signedPermutations(): RotationMatrix[] {
  const unit = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]] as const;
  return unit.flatMap(([a, b, c]) =>
    unit
      .filter(([d, e, f]) => a * d + b * e + c * f === 0)
      // The third row is the cross product of the first two; "+ 0" turns -0 into 0.
      .map(([d, e, f]) => [a, b, c, d, e, f, b * f - c * e, c * d - a * f, a * e - b * d].map((entry) => entry + 0)),
  );
}

function sineAndCosine(angleDegrees: number): [sine: number, cosine: number] {
  const quarters = (((angleDegrees / 90) % 4) + 4) % 4;
  if (Number.isInteger(quarters)) return ([[0, 1], [1, 0], [0, -1], [-1, 0]] as const)[quarters].slice() as [number, number];
  const radians = (angleDegrees * Math.PI) / 180;
  return [Math.sin(radians), Math.cos(radians)];
}
