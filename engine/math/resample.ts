/**
 * @file Turning labels about their centre: out(p) = in(R^-1 (p - c) + c), by one-hot linear interpolation and argmax, as scipy.ndimage.affine_transform does
 * (order 1, mode 'constant'); right angles that fill the canvas move voxels exactly.
 */
import type { RotationMatrix, Shape } from '../contract/engine-api';
import { forEachRow, isOutside, permuteVoxels, wholeBlock, type Block } from './turned-grid';
import { voxelCount, type Volume } from './volume';

/** Weights closer than this are a tie. */
const rounding = 1e-9;

/** Labels turned onto a canvas of `shape` (their own by default), 0 outside; the lowest label wins a tie. */
export const rotateLabels = (labels: Volume<Uint8Array>, rotation: RotationMatrix, shape: Shape = labels.shape): Volume<Uint8Array> => permuteVoxels(labels, rotation, shape) ?? interpolateLabels(labels, rotation, shape);

/** A block of the turned canvas alone; interpolated whatever the rotation. */
export function interpolateLabels({ data, shape: source }: Volume<Uint8Array>, rotation: RotationMatrix, canvas: Shape, block: Block = wholeBlock(canvas)): Volume<Uint8Array> {
  const [nx, ny, nz] = source;
  const [stepX, stepY, stepZ] = rotation;
  const turned = new Uint8Array(voxelCount(block.size));
  const weightOf = new Float64Array(256);
  forEachRow(rotation, source, canvas, (start, x0, y0, z0) => {
    for (let i = 0; i < block.size[0]; i++) {
      const x = x0 + i * stepX;
      const y = y0 + i * stepY;
      const z = z0 + i * stepZ;
      if (isOutside(x, y, z, source)) continue;
      const ix = x | 0, iy = y | 0, iz = z | 0;
      // to the corners beside the lowest one; 0 at the far border
      const x1 = ix < nx - 1 ? 1 : 0, y1 = iy < ny - 1 ? nx : 0, z1 = iz < nz - 1 ? nx * ny : 0;
      const corner = ix + nx * (iy + ny * iz);
      const a = data[corner], b = data[corner + x1], c = data[corner + y1], d = data[corner + y1 + x1];
      const e = data[corner + z1], f = data[corner + z1 + x1], g = data[corner + z1 + y1], h = data[corner + z1 + y1 + x1];
      if (a === b && a === c && a === d && a === e && a === f && a === g && a === h) {
        turned[start + i] = a;
        continue;
      }
      const tx = x - ix, ty = y - iy, tz = z - iz;
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
      turned[start + i] = best;
      weightOf[a] = weightOf[b] = weightOf[c] = weightOf[d] = weightOf[e] = weightOf[f] = weightOf[g] = weightOf[h] = 0;
    }
  }, block);
  return { data: turned, shape: block.size };
}
