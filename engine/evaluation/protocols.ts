/** @file Rotation protocols: which poses an evaluation compares. */
import { planes, type Plane, type RotationMatrix } from '../contract/engine-api';
import { cubeRotations, identityRotation, planeRotation, rotationAbout, type Vector3 } from '../math/rotation';
import { cone60v1 } from './cone60-v1';

export const protocols = ['planes', 'right-angles', 'cone'] as const;
export type Protocol = (typeof protocols)[number];

/** What a pose is called in results. */
export interface PoseName {
  readonly protocol: Protocol | 'upright';
  readonly plane?: Plane;
  readonly axis?: Vector3;
  readonly degrees: number;
}
export interface Pose {
  readonly name: PoseName;
  readonly rotation: RotationMatrix;
}

export const uprightPose: Pose = { name: { protocol: 'upright', degrees: 0 }, rotation: identityRotation };

/** Half a turn in steps of 15 degrees. */
export const defaultDegrees: readonly number[] = Array.from({ length: 13 }, (_, step) => 15 * step);

/**
 * The poses of a protocol, in a fixed order.
 * `planes`: each angle in the sagittal, coronal and axial plane. `right-angles`: the 24 rotations of the cube. `cone`: the 24 of `cone60-v1`.
 */
export function posesOf(protocol: Protocol, degrees: readonly number[]): Pose[] {
  if (protocol === 'planes') return planes.flatMap((plane) => degrees.map((angle) => ({ name: { protocol, plane, degrees: angle }, rotation: planeRotation(plane, angle) })));
  if (protocol === 'cone') return cone60v1.map(({ axis, angleDegrees }) => ({ name: { protocol, axis, degrees: angleDegrees }, rotation: rotationAbout(axis, angleDegrees) }));
  return cubeRotations.map(({ matrix, axis, angleDegrees }) => ({ name: { protocol, axis, degrees: angleDegrees }, rotation: matrix }));
}
