/**
 * @file One slice of a turned volume, read straight from the upright one at the resolution of the screen: the display's counterpart of
 * engine/math/resample.ts, out(p) = in(R^-1 (p - c) + c) with linear interpolation, for the pixels of one plane only.
 */
import type { Plane, RotationMatrix, Shape } from '../../engine/contract/engine-api';
import { inverseRotation, rotateVector, type Vector3 } from '../../engine/math/rotation';
import { views } from './anatomy';

/** A grid of pixels in the voxel coordinates of a volume. */
export interface SliceGrid {
  readonly width: number;
  readonly height: number;
  /** Of the pixel at the top left. */
  readonly origin: Vector3;
  /** From one pixel to the next on its right. */
  readonly right: Vector3;
  /** From one pixel to the next below. */
  readonly down: Vector3;
}

export interface SliceRequest {
  readonly plane: Plane;
  readonly shape: Shape;
  readonly rotation: RotationMatrix;
  /** Point of the upright head, in voxels, through which the slice goes. */
  readonly crosshair: Vector3;
  readonly width: number;
  readonly height: number;
  readonly voxelsPerPixel: number;
}

export const centreOf = (shape: Shape): Vector3 => [(shape[0] - 1) / 2, (shape[1] - 1) / 2, (shape[2] - 1) / 2];

/** The slice's pixels in the upright volume: the view looks at the centre of the canvas and goes through the crosshair. */
export function sliceGrid({ plane, shape, rotation, crosshair, width, height, voxelsPerPixel }: SliceRequest): SliceGrid {
  const back = inverseRotation(rotation);
  const view = views[plane];
  const centre = centreOf(shape);
  const right = scaled(rotateVector(back, view.right), voxelsPerPixel);
  const down = scaled(rotateVector(back, view.up), -voxelsPerPixel);
  const through = rotateVector(back, view.through);
  const depth = dot(through, subtract(crosshair, centre));
  const origin = sum(centre, scaled(through, depth), scaled(right, -(width - 1) / 2), scaled(down, -(height - 1) / 2));
  return { width, height, origin, right, down };
}

/** The same pixels in a volume that was turned by `rotation` about the centre. */
export function turnedGrid({ width, height, origin, right, down }: SliceGrid, shape: Shape, rotation: RotationMatrix): SliceGrid {
  const centre = centreOf(shape);
  return { width, height, origin: sum(centre, rotateVector(rotation, subtract(origin, centre))), right: rotateVector(rotation, right), down: rotateVector(rotation, down) };
}

/** Where a point of the upright head falls in the picture, in pixels from the top left. */
export function pixelOf(point: Vector3, { origin, right, down }: SliceGrid): readonly [x: number, y: number] {
  const from = subtract(point, origin);
  return [dot(from, right) / dot(right, right), dot(from, down) / dot(down, down)];
}

/** The point of the upright head under a pixel. */
export const pointAt = (x: number, y: number, { origin, right, down }: SliceGrid): Vector3 => sum(origin, scaled(right, x), scaled(down, y));

/** Limits of a box in voxels: the pixels read inside [low - 1/2, high + 1/2]. */
export interface Box {
  readonly low: Vector3;
  readonly high: Vector3;
}

/** The case's own voxels on its canvas: centred, an odd rest lying at the end (design, section 7). */
export function caseBox(canvasShape: Shape, fileShape: Shape): Box {
  const low = canvasShape.map((size, i) => Math.floor((size - fileShape[i]) / 2));
  return { low: [low[0], low[1], low[2]], high: [low[0] + fileShape[0] - 1, low[1] + fileShape[1] - 1, low[2] + fileShape[2] - 1] };
}

/** Linear interpolation along the grid; NaN outside `box`, the nearest border value within half a voxel of it. */
export function resliceImage(data: Float32Array, shape: Shape, grid: SliceGrid, box: Box, out: Float32Array): void {
  const [nx, ny] = shape;
  const plane = nx * ny;
  const { low, high } = box;
  forEachPixel(grid, (at, x, y, z) => {
    if (x < low[0] - 0.5 || x > high[0] + 0.5 || y < low[1] - 0.5 || y > high[1] + 0.5 || z < low[2] - 0.5 || z > high[2] + 0.5) {
      out[at] = NaN;
      return;
    }
    const cx = clamp(x, low[0], high[0]), cy = clamp(y, low[1], high[1]), cz = clamp(z, low[2], high[2]);
    const x0 = Math.floor(cx), y0 = Math.floor(cy), z0 = Math.floor(cz);
    const tx = cx - x0, ty = cy - y0, tz = cz - z0;
    const dx = x0 < high[0] ? 1 : 0, dy = y0 < high[1] ? nx : 0, dz = z0 < high[2] ? plane : 0;
    const corner = x0 + nx * y0 + plane * z0;
    const near = mix(mix(data[corner], data[corner + dx], tx), mix(data[corner + dy], data[corner + dx + dy], tx), ty);
    const far = mix(mix(data[corner + dz], data[corner + dx + dz], tx), mix(data[corner + dy + dz], data[corner + dx + dy + dz], tx), ty);
    out[at] = mix(near, far, tz);
  });
}

/** Weight of one label along the grid, 0 to 1: its one-hot volume interpolated linearly. */
export function resliceLabel(labels: Uint8Array, shape: Shape, value: number, grid: SliceGrid, box: Box | null, out: Float32Array): void {
  out.fill(0);
  if (!box) return;
  const [nx, ny, nz] = shape;
  const plane = nx * ny;
  const { low, high } = box;
  forEachPixel(grid, (at, x, y, z) => {
    if (x <= low[0] - 1 || x >= high[0] + 1 || y <= low[1] - 1 || y >= high[1] + 1 || z <= low[2] - 1 || z >= high[2] + 1) return;
    const x0 = Math.floor(x), y0 = Math.floor(y), z0 = Math.floor(z);
    const tx = x - x0, ty = y - y0, tz = z - z0;
    let weight = 0;
    for (let corner = 0; corner < 8; corner++) {
      const px = x0 + (corner & 1), py = y0 + ((corner >> 1) & 1), pz = z0 + (corner >> 2);
      if (px < 0 || py < 0 || pz < 0 || px >= nx || py >= ny || pz >= nz || labels[px + nx * py + plane * pz] !== value) continue;
      weight += (corner & 1 ? tx : 1 - tx) * (corner & 2 ? ty : 1 - ty) * (corner & 4 ? tz : 1 - tz);
    }
    out[at] = weight;
  });
}

/** The smallest box that holds a label, or null where it does not occur. */
export function labelBox(labels: Uint8Array, [nx, ny, nz]: Shape, value: number): Box | null {
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  for (let z = 0, i = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, i++) {
        if (labels[i] !== value) continue;
        if (x < low[0]) low[0] = x;
        if (y < low[1]) low[1] = y;
        if (z < low[2]) low[2] = z;
        if (x > high[0]) high[0] = x;
        if (y > high[1]) high[1] = y;
        high[2] = z;
      }
  return high[2] < 0 ? null : { low: [low[0], low[1], low[2]], high: [high[0], high[1], high[2]] };
}

function forEachPixel({ width, height, origin, right, down }: SliceGrid, pixel: (at: number, x: number, y: number, z: number) => void): void {
  for (let row = 0, at = 0; row < height; row++) {
    const x = origin[0] + row * down[0], y = origin[1] + row * down[1], z = origin[2] + row * down[2];
    for (let column = 0; column < width; column++, at++) pixel(at, x + column * right[0], y + column * right[1], z + column * right[2]);
  }
}

const clamp = (value: number, low: number, high: number): number => (value < low ? low : value > high ? high : value);
const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const scaled = (a: Vector3, factor: number): Vector3 => [a[0] * factor, a[1] * factor, a[2] * factor];
const subtract = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const sum = (...terms: Vector3[]): Vector3 => [terms.reduce((s, t) => s + t[0], 0), terms.reduce((s, t) => s + t[1], 0), terms.reduce((s, t) => s + t[2], 0)];
