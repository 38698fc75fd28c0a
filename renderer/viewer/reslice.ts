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

/** The case's own voxels on its canvas: centred, an odd rest lying at the end. */
export function caseBox(canvasShape: Shape, fileShape: Shape): Box {
  const low = canvasShape.map((size, i) => Math.floor((size - fileShape[i]) / 2));
  return { low: [low[0], low[1], low[2]], high: [low[0] + fileShape[0] - 1, low[1] + fileShape[1] - 1, low[2] + fileShape[2] - 1] };
}

/** Linear interpolation along the grid; NaN outside `box`, the nearest border value within half a voxel of it. */
export function resliceImage(data: Float32Array, shape: Shape, grid: SliceGrid, box: Box, out: Float32Array): void {
  const [nx, ny] = shape;
  const plane = nx * ny;
  const [[lowX, lowY, lowZ], [highX, highY, highZ]] = [box.low, box.high];
  const { width, height, origin, right, down } = grid;
  out.fill(NaN);
  for (let row = 0; row < height; row++) {
    const [startX, startY, startZ] = [origin[0] + row * down[0], origin[1] + row * down[1], origin[2] + row * down[2]];
    const [from, to] = columnsInside(startX, startY, startZ, grid, box, 0.5);
    for (let column = from; column < to; column++) {
      const x = clamp(startX + column * right[0], lowX, highX), y = clamp(startY + column * right[1], lowY, highY), z = clamp(startZ + column * right[2], lowZ, highZ);
      const x0 = Math.floor(x), y0 = Math.floor(y), z0 = Math.floor(z);
      const tx = x - x0, ty = y - y0, tz = z - z0;
      const dx = x0 < highX ? 1 : 0, dy = y0 < highY ? nx : 0, dz = z0 < highZ ? plane : 0;
      const near = x0 + nx * y0 + plane * z0, far = near + dz;
      const a = data[near] + tx * (data[near + dx] - data[near]), b = data[near + dy] + tx * (data[near + dy + dx] - data[near + dy]);
      const c = data[far] + tx * (data[far + dx] - data[far]), d = data[far + dy] + tx * (data[far + dy + dx] - data[far + dy]);
      const nearer = a + ty * (b - a), farther = c + ty * (d - c);
      out[row * width + column] = nearer + tz * (farther - nearer);
    }
  }
}

/** Weight of one label along the grid, 0 to 1: its one-hot volume interpolated linearly. `box` is its {@link labelBox}. */
export function resliceLabel(labels: Uint8Array, shape: Shape, value: number, grid: SliceGrid, box: Box | null, out: Float32Array): void {
  out.fill(0);
  if (!box) return;
  const [nx, ny, nz] = shape;
  const plane = nx * ny;
  const { width, height, origin, right, down } = grid;
  for (let row = 0; row < height; row++) {
    const [startX, startY, startZ] = [origin[0] + row * down[0], origin[1] + row * down[1], origin[2] + row * down[2]];
    const [from, to] = columnsInside(startX, startY, startZ, grid, box, 1);
    for (let column = from; column < to; column++) {
      const x = startX + column * right[0], y = startY + column * right[1], z = startZ + column * right[2];
      const x0 = Math.floor(x), y0 = Math.floor(y), z0 = Math.floor(z);
      const tx = x - x0, ty = y - y0, tz = z - z0;
      let weight = 0;
      for (let corner = 0; corner < 8; corner++) {
        const px = x0 + (corner & 1), py = y0 + ((corner >> 1) & 1), pz = z0 + (corner >> 2);
        if (px < 0 || py < 0 || pz < 0 || px >= nx || py >= ny || pz >= nz || labels[px + nx * py + plane * pz] !== value) continue;
        weight += (corner & 1 ? tx : 1 - tx) * (corner & 2 ? ty : 1 - ty) * (corner & 4 ? tz : 1 - tz);
      }
      out[row * width + column] = weight;
    }
  }
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

/** First column, and the one after the last, whose pixel lies within `margin` voxels of the box (slab by slab). */
function columnsInside(x: number, y: number, z: number, { width, right }: SliceGrid, { low, high }: Box, margin: number): [from: number, to: number] {
  let from = 0;
  let to = width - 1;
  const start = [x, y, z];
  for (let axis = 0; axis < 3; axis++) {
    const [least, most] = [low[axis] - margin - start[axis], high[axis] + margin - start[axis]];
    const step = right[axis];
    if (Math.abs(step) < 1e-12) {
      if (least > 0 || most < 0) return [0, 0];
      continue;
    }
    from = Math.max(from, Math.ceil(Math.min(least / step, most / step)));
    to = Math.min(to, Math.floor(Math.max(least / step, most / step)));
  }
  return [from, to + 1];
}

const clamp = (value: number, low: number, high: number): number => (value < low ? low : value > high ? high : value);
const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const scaled = (a: Vector3, factor: number): Vector3 => [a[0] * factor, a[1] * factor, a[2] * factor];
const subtract = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const sum = (...terms: Vector3[]): Vector3 => [terms.reduce((s, t) => s + t[0], 0), terms.reduce((s, t) => s + t[1], 0), terms.reduce((s, t) => s + t[2], 0)];
