/** @file Cubic b-spline interpolation (Unser, IEEE Signal Processing Magazine 1999), with the boundaries of scipy.ndimage.affine_transform(order=3, mode='constant'). */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import { forEachRow, isOutside, permuteVoxels, wholeBlock, type Block } from './turned-grid';
import { voxelCount, type Volume } from './volume';

const pole = Math.sqrt(3) - 2;
/** Coefficients reach one voxel before and two after the volume, so that the inner loop has no borders. */
const before = 1;
const margin = 3;

/** An image ready to be turned many times: its spline coefficients are computed once, at the first turn that needs them. */
export class SplineVolume {
  private coefficients: Float32Array | null = null;

  constructor(readonly volume: Volume<Float32Array>) {}

  /** The image turned about its centre onto a canvas of `shape` (its own by default); `fill` outside. Right angles that fill the canvas are exact. */
  rotate(rotation: RotationMatrix, fill: number, shape: Shape = this.volume.shape): Volume<Float32Array> {
    return permuteVoxels(this.volume, rotation, shape) ?? this.interpolate(rotation, fill, shape);
  }

  /** A block of the turned canvas alone; interpolated whatever the rotation. */
  interpolate(rotation: RotationMatrix, fill: number, canvas: Shape, block: Block = wholeBlock(canvas)): Volume<Float32Array> {
    const shape = block.size;
    const source = this.volume.shape;
    const c = (this.coefficients ??= splineCoefficients(this.volume));
    const strideY = source[0] + margin;
    const strideZ = strideY * (source[1] + margin);
    const [stepX, stepY, stepZ] = rotation;
    const turned = new Float32Array(voxelCount(shape));
    forEachRow(rotation, source, canvas, (start, x0, y0, z0) => {
      for (let i = 0; i < shape[0]; i++) {
        const x = x0 + i * stepX;
        const y = y0 + i * stepY;
        const z = z0 + i * stepZ;
        if (isOutside(x, y, z, source)) {
          turned[start + i] = fill;
          continue;
        }
        // Truncation is floor here, and takes a coordinate that rounding put below zero to zero.
        const ix = x | 0, iy = y | 0, iz = z | 0;
        const tx = x - ix, ty = y - iy, tz = z - iz;
        const ux = 1 - tx, uy = 1 - ty, uz = 1 - tz;
        // Six times each weight: one division for the voxel in place of twelve.
        const x1 = 4 - 3 * tx * tx * (2 - tx), x2 = 4 - 3 * ux * ux * (2 - ux), xa = ux * ux * ux, xb = tx * tx * tx;
        const y1 = 4 - 3 * ty * ty * (2 - ty), y2 = 4 - 3 * uy * uy * (2 - uy), ya = uy * uy * uy, yb = ty * ty * ty;
        const z1 = 4 - 3 * tz * tz * (2 - tz), z2 = 4 - 3 * uz * uz * (2 - uz), za = uz * uz * uz, zb = tz * tz * tz;
        let sum = 0;
        let at = ix + iy * strideY + iz * strideZ;
        for (let k = 0; k < 4; k++, at += strideZ) {
          const b = at + strideY, d = b + strideY, e = d + strideY;
          sum += (k === 0 ? za : k === 1 ? z1 : k === 2 ? z2 : zb) * (
            ya * (xa * c[at] + x1 * c[at + 1] + x2 * c[at + 2] + xb * c[at + 3]) +
            y1 * (xa * c[b] + x1 * c[b + 1] + x2 * c[b + 2] + xb * c[b + 3]) +
            y2 * (xa * c[d] + x1 * c[d + 1] + x2 * c[d + 2] + xb * c[d + 3]) +
            yb * (xa * c[e] + x1 * c[e + 1] + x2 * c[e + 2] + xb * c[e + 3]));
        }
        turned[start + i] = sum / 216;
      }
    }, block);
    return { data: turned, shape };
  }
}

/** Coefficients of the interpolating spline with mirrored borders, extended by the margin the interpolation reads. */
function splineCoefficients({ data, shape }: Volume<Float32Array>): Float32Array {
  const filtered = Float64Array.from(data);
  const strides = [1, shape[0], shape[0] * shape[1]];
  for (const axis of [0, 1, 2]) filterAxis(filtered, strides[axis], shape[axis]);
  const padded = shape.map((size) => size + margin);
  const extended = new Float32Array(padded[0] * padded[1] * padded[2]);
  const [fromX, fromY, fromZ] = shape.map((size) => Int32Array.from({ length: size + margin }, (_, i) => mirrored(i - before, size)));
  let to = 0;
  for (const z of fromZ) for (const y of fromY) for (const x of fromX) extended[to++] = filtered[x + y * strides[1] + z * strides[2]];
  return extended;
}

/** The recursive filter that turns the samples of every line along one axis into coefficients, in place: gain, causal pass, anticausal pass. Lines that lie side by side in memory take each step together. */
function filterAxis(values: Float64Array, stride: number, size: number): void {
  if (size === 1) return;
  const last = (size - 1) * stride;
  // what each sample adds to the first value of the causal pass, mirrored borders included
  const weights = Float64Array.from({ length: size - 1 }, (_, k) => pole ** k + pole ** (2 * size - 2 - k));
  const first = new Float64Array(stride);
  for (let start = 0; start < values.length; start += size * stride) {
    const next = start + stride;
    const end = start + last;
    for (let at = start; at < end + stride; at++) values[at] *= 6;
    for (let i = 0; i < stride; i++) first[i] = values[start + i] + pole ** (size - 1) * values[end + i];
    for (let k = 1; k < size - 1; k++) for (let i = 0, at = start + k * stride; i < stride; i++, at++) first[i] += weights[k] * values[at];
    for (let i = 0; i < stride; i++) values[start + i] = first[i] / (1 - pole ** (2 * size - 2));
    for (let at = next; at < end + stride; at++) values[at] += pole * values[at - stride];
    for (let at = end; at < end + stride; at++) values[at] = (pole / (pole * pole - 1)) * (values[at] + pole * values[at - stride]);
    for (let at = end - 1; at >= start; at--) values[at] = pole * (values[at + stride] - values[at]);
  }
}

function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * size - 2;
  const within = ((index % period) + period) % period;
  return Math.min(within, period - within);
}
