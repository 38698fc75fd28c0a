/** @file Where the head is turned to: an angle in one plane, or any rotation reached with the trackball. */
import type { Plane, RotationMatrix } from '../../engine/contract/engine-api';
import { axisAngle, compose, cubeRotations, identityRotation, largestAngleDegrees, planeRotation } from '../../engine/math/rotation';
import type { Vector3 } from '../../engine/math/rotation';

export type Pose =
  | { readonly kind: 'angle'; readonly plane: Plane; readonly degrees: number }
  /** `plane` is the one whose curve is shown and to which the dial returns. */
  | { readonly kind: 'free'; readonly plane: Plane; readonly rotation: RotationMatrix };

export const upright = (plane: Plane): Pose => ({ kind: 'angle', plane, degrees: 0 });

/** An angle the dial can show, to a tenth of a degree. */
const angleOnDial = (degrees: number): number => Math.round(Math.min(largestAngleDegrees, Math.max(0, degrees)) * 10) / 10;
export const atAngle = (plane: Plane, degrees: number): Pose => ({ kind: 'angle', plane, degrees: angleOnDial(degrees) });

export const rotationOf = (pose: Pose): RotationMatrix => (pose.kind === 'angle' ? planeRotation(pose.plane, pose.degrees) : pose.rotation);

export const sameRotation = (a: RotationMatrix, b: RotationMatrix): boolean => a.every((entry, i) => Math.abs(entry - b[i]) < 1e-9);
export const isUpright = (pose: Pose): boolean => sameRotation(rotationOf(pose), identityRotation);

/** The angle in `plane` nearest to a rotation (largest trace of the difference), kept on the dial. */
export function nearestAngleDegrees(rotation: RotationMatrix, plane: Plane): number {
  const [a, b] = { sagittal: [4, 8], coronal: [8, 0], axial: [0, 4] }[plane];
  const sine = { sagittal: rotation[7] - rotation[5], coronal: rotation[2] - rotation[6], axial: rotation[3] - rotation[1] }[plane];
  const degrees = (Math.atan2(sine, rotation[a] + rotation[b]) * 180) / Math.PI;
  if (degrees >= 0) return angleOnDial(degrees);
  return degrees > -90 ? 0 : largestAngleDegrees;
}

export const angleShown = (pose: Pose): number => (pose.kind === 'angle' ? pose.degrees : nearestAngleDegrees(pose.rotation, pose.plane));

/** The pose in a plane that a person means when they pick that plane: the same angle, or the nearest from a free pose. */
export const inPlane = (pose: Pose, plane: Plane): Pose => atAngle(plane, pose.kind === 'angle' ? pose.degrees : nearestAngleDegrees(pose.rotation, plane));

/** A free pose that happens to lie on the dial of its plane becomes an angle. */
export function fromRotation(rotation: RotationMatrix, plane: Plane): Pose {
  const degrees = nearestAngleDegrees(rotation, plane);
  return sameRotation(planeRotation(plane, degrees), rotation) ? atAngle(plane, degrees) : { kind: 'free', plane, rotation };
}

/** Turned further by `step`, applied after what is there; kept orthonormal over thousands of steps. */
export const turnedBy = (pose: Pose, step: RotationMatrix): Pose => ({ kind: 'free', plane: pose.plane, rotation: orthonormal(compose(step, rotationOf(pose))) });

/** The cube rotation that follows (or precedes) the nearest one in the list of 24. */
export function nextRightAngle(pose: Pose, step: 1 | -1): Pose {
  const rotation = rotationOf(pose);
  const nearness = cubeRotations.map(({ matrix }) => matrix.reduce((sum, entry, i) => sum + entry * rotation[i], 0));
  const nearest = nearness.indexOf(Math.max(...nearness));
  const index = (nearest + step + cubeRotations.length) % cubeRotations.length;
  return fromRotation(cubeRotations[index].matrix, pose.plane);
}

/** Place of a rotation in the list of 24, or null where it is none of them. */
export function rightAngleIndex(pose: Pose): number | null {
  const index = cubeRotations.findIndex(({ matrix }) => sameRotation(matrix, rotationOf(pose)));
  return index < 0 ? null : index;
}

/** `62.0° sagittal`, or axis and angle: `41° about (0.2, 0.9, 0.4)`. */
export function poseText(pose: Pose): string {
  if (pose.kind === 'angle') return `${pose.degrees.toFixed(1)}° ${pose.plane}`;
  const { axis, angleDegrees } = axisAngle(pose.rotation);
  return `${angleDegrees.toFixed(0)}° about (${axis.map((component) => (Math.abs(component) < 0.05 ? 0 : component).toFixed(1)).join(', ')})`;
}

function orthonormal(rotation: RotationMatrix): RotationMatrix {
  const x = unit([rotation[0], rotation[3], rotation[6]]);
  const along = x[0] * rotation[1] + x[1] * rotation[4] + x[2] * rotation[7];
  const y = unit([rotation[1] - along * x[0], rotation[4] - along * x[1], rotation[7] - along * x[2]]);
  const z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  return [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]];
}

function unit([x, y, z]: Vector3): Vector3 {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
