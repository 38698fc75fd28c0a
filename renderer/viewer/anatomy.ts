/** @file How a canvas in RAS order lies on the screen, by the radiological convention: the patient's right on the left, faces seen from the front, profiles from the patient's left. */
import type { Plane } from '../../engine/contract/engine-api';
import { planeRotation, rotateVector, type Vector3 } from '../../engine/math/rotation';

export interface View {
  /** Direction towards the right edge of the picture. */
  readonly right: Vector3;
  readonly up: Vector3;
  /** Direction through the slices, the plane's axis. */
  readonly through: Vector3;
  /** Letters at the left, right, top and bottom edge. */
  readonly letters: readonly [left: string, right: string, top: string, bottom: string];
}

export const views: Readonly<Record<Plane, View>> = {
  axial: { right: [-1, 0, 0], up: [0, 1, 0], through: [0, 0, 1], letters: ['R', 'L', 'A', 'P'] },
  coronal: { right: [-1, 0, 0], up: [0, 0, 1], through: [0, 1, 0], letters: ['R', 'L', 'S', 'I'] },
  sagittal: { right: [0, -1, 0], up: [0, 0, 1], through: [1, 0, 0], letters: ['A', 'P', 'S', 'I'] },
};

/** Whether a growing angle turns the picture of its plane clockwise (1) or counter-clockwise (-1). */
export function turnSense(plane: Plane): 1 | -1 {
  const [x, y, z] = rotateVector(planeRotation(plane, 90), views[plane].up);
  const { right } = views[plane];
  return x * right[0] + y * right[1] + z * right[2] > 0 ? 1 : -1;
}
