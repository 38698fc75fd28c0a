/** @file The one camera of every 3D tile: orthographic, from the patient's left, front and above, in NiiVue's terms of azimuth and elevation. */
import type { RotationMatrix } from '../../engine/contract/engine-api';
import { compose, rotateVector, rotationAbout, type Vector3 } from '../../engine/math/rotation';

export const cameraAzimuthDegrees = 122;
export const cameraElevationDegrees = 18;
/** Zoom of the volume in its tile. */
export const zoom = 0.9;

const azimuth = ((cameraAzimuthDegrees - 180) * Math.PI) / 180;
const elevation = ((270 - cameraElevationDegrees) * Math.PI) / 180;
/** Directions of the screen in the room (RAS): the first two rows and the last of NiiVue's model matrix. */
export const screenRight: Vector3 = [-Math.cos(azimuth), Math.sin(azimuth), 0];
export const screenUp: Vector3 = [Math.cos(elevation) * Math.sin(azimuth), Math.cos(elevation) * Math.cos(azimuth), -Math.sin(elevation)];
export const towardsViewer: Vector3 = [-Math.sin(elevation) * Math.sin(azimuth), -Math.sin(elevation) * Math.cos(azimuth), -Math.cos(elevation)];

/** Half the shorter side of a tile in voxels, for a box with this half diagonal; NiiVue's calculateMvpMatrix. */
export const halfView = (halfDiagonal: number): number => (0.8 * halfDiagonal) / zoom;

/** Where a point from the centre lies on the screen once the head is turned: x to the right, y up, depth towards the viewer. */
export function project(point: Vector3, rotation: RotationMatrix): Vector3 {
  const turned = rotateVector(rotation, point);
  return [dot(turned, screenRight), dot(turned, screenUp), dot(turned, towardsViewer)];
}

/** The rotation of a trackball dragged so far; what faces the viewer follows the pointer. One tile's width is half a turn. */
export function trackball(rightPixels: number, downPixels: number, tilePixels: number): RotationMatrix {
  const degrees = 180 / tilePixels;
  return compose(rotationAbout(screenUp, rightPixels * degrees), rotationAbout(screenRight, downPixels * degrees));
}

const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
