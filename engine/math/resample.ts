/**
 * @file Turning volumes about their centre: out(p) = in(R^-1 (p - c) + c). Images by cubic b-spline, labels by one-hot linear interpolation and
 * argmax, as scipy.ndimage.affine_transform does (orders 3 and 1, mode 'constant'); right angles that fill the canvas move voxels exactly.
 * To turn one image often, keep a {@link SplineVolume}.
 */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import { SplineVolume } from './spline-volume';
import { forEachRow, isOutside, permuteVoxels, wholeBlock, type Block } from './turned-grid';
import { voxelCount, type Volume } from './volume';

/** Weights closer than this are a tie. */
const rounding = 1e-9;

/** The image turned onto a canvas of `shape` (its own by default), `fill` outside. */
export const rotateImage = (image: Volume<Float32Array>, rotation: RotationMatrix, fill: number, shape?: Shape): Volume<Float32Array> => new SplineVolume(image).rotate(rotation, fill, shape);

/** Labels turned onto a canvas of `shape` (their own by default), 0 outside; the lowest label wins a tie. */
export const rotateLabels = (labels: Volume<Uint8Array>, rotation: RotationMatrix, shape: Shape = labels.shape): Volume<Uint8Array> => permuteVoxels(labels, rotation, shape) ?? interpolateLabels(labels, rotation, shape);

/** A block of the turned canvas alone; interpolated whatever the rotation. */
export function interpolateLabels({ data, shape: source }: Volume<Uint8Array>, rotation: RotationMatrix, canvas: Shape, block: Block = wholeBlock(canvas)): Volume<Uint8Array> {
  const turned = new Uint8Array(voxelCount(block.size));
  const weightOf = new Float64Array(256);
  forEachCell(rotation, source, canvas, block, (to, corner, x1, y1, z1, tx, ty, tz) => {
    const a = data[corner], b = data[corner + x1], c = data[corner + y1], d = data[corner + y1 + x1];
    const e = data[corner + z1], f = data[corner + z1 + x1], g = data[corner + z1 + y1], h = data[corner + z1 + y1 + x1];
    if (a === b && a === c && a === d && a === e && a === f && a === g && a === h) {
      turned[to] = a;
      return;
    }
    const ux = 1 - tx, uy = 1 - ty, uz = 1 - tz;
    weightOf[a] += ux * uy * uz;
    weightOf[b] += tx * uy * uz;
    weightOf[c] += ux * ty * uz;
    weightOf[d] += tx * ty * uz;
    weightOf[e] += ux * uy * tz;
    weightOf[f] += tx * uy * tz;
    weightOf[g] += ux * ty * tz;
    weightOf[h] += tx * ty * tz;
    let best = a;
    for (const label of [b, c, d, e, f, g, h]) if (weightOf[label] > weightOf[best] + rounding || (label < best && weightOf[label] > weightOf[best] - rounding)) best = label;
    turned[to] = best;
    weightOf[a] = weightOf[b] = weightOf[c] = weightOf[d] = weightOf[e] = weightOf[f] = weightOf[g] = weightOf[h] = 0;
  });
  return { data: turned, shape: block.size };
}

/** Linear interpolation of an image, for display only: faster than the spline, and softer. */
export function rotateTrilinear(image: Volume<Float32Array>, rotation: RotationMatrix, fill: number, shape: Shape = image.shape): Volume<Float32Array> {
  const { data, shape: source } = image;
  const turned = new Float32Array(voxelCount(shape)).fill(fill);
  forEachCell(rotation, source, shape, wholeBlock(shape), (to, corner, x1, y1, z1, tx, ty, tz) => {
    const ux = 1 - tx;
    const row = (at: number): number => ux * data[at] + tx * data[at + x1];
    turned[to] = (1 - tz) * ((1 - ty) * row(corner) + ty * row(corner + y1)) + tz * ((1 - ty) * row(corner + z1) + ty * row(corner + z1 + y1));
  });
  return { data: turned, shape };
}

/** Calls `cell` for each target voxel that reads inside the source: the lowest corner of the cell it reads, offsets to the corners beside it (0 at the far border), and the fractions. */
function forEachCell(rotation: RotationMatrix, source: Shape, target: Shape, block: Block, cell: (to: number, corner: number, x1: number, y1: number, z1: number, tx: number, ty: number, tz: number) => void): void {
  const [nx, ny, nz] = source;
  const [stepX, stepY, stepZ] = rotation;
  forEachRow(rotation, source, target, (start, x0, y0, z0) => {
    for (let i = 0; i < block.size[0]; i++) {
      const x = x0 + i * stepX;
      const y = y0 + i * stepY;
      const z = z0 + i * stepZ;
      if (isOutside(x, y, z, source)) continue;
      const ix = x | 0, iy = y | 0, iz = z | 0;
      cell(start + i, ix + nx * (iy + ny * iz), ix < nx - 1 ? 1 : 0, iy < ny - 1 ? nx : 0, iz < nz - 1 ? nx * ny : 0, x - ix, y - iy, z - iz);
    }
  }, block);
}
