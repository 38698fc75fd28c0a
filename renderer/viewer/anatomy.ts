/** @file How a canvas lies on the screen. Its axes are taken for right, front, up (RAS), as the engine takes them; a RAS file then follows the radiological convention: the patient's right on the left, faces seen from the front, profiles from the patient's left. Letters follow the file. */
import type { Plane } from '../../engine/contract/engine-api';
import { planeRotation, rotateVector, type Vector3 } from '../../engine/math/rotation';

export interface View {
  /** Direction towards the right edge of the picture. */
  readonly right: Vector3;
  readonly up: Vector3;
  /** Direction through the slices, the plane's axis. */
  readonly through: Vector3;
}

export const views: Readonly<Record<Plane, View>> = {
  axial: { right: [-1, 0, 0], up: [0, 1, 0], through: [0, 0, 1] },
  coronal: { right: [-1, 0, 0], up: [0, 0, 1], through: [0, 1, 0] },
  sagittal: { right: [0, -1, 0], up: [0, 0, 1], through: [1, 0, 0] },
};

const opposites: Readonly<Record<string, string>> = { R: 'L', L: 'R', A: 'P', P: 'A', S: 'I', I: 'S' };

/** Which way of the patient a direction along a voxel axis points, from the file's axis codes such as RAS. */
export function letterOf(direction: Vector3, orientation: string): string {
  const axis = direction.findIndex((component) => component !== 0);
  return direction[axis] > 0 ? orientation[axis] : opposites[orientation[axis]];
}

/** Whether a growing angle turns the picture of its plane clockwise (1) or counter-clockwise (-1). */
export function turnSense(plane: Plane): 1 | -1 {
  const [x, y, z] = rotateVector(planeRotation(plane, 90), views[plane].up);
  const { right } = views[plane];
  return x * right[0] + y * right[1] + z * right[2] > 0 ? 1 : -1;
}
