/** @file The surface of one label as triangles: naive surface nets (Gibson, MICCAI 1998), each vertex kept near the middle of its cell while it is smoothed, so that single voxels stay. */
import type { RotationMatrix, Shape } from '../../engine/contract/engine-api';
import { inverseRotation } from '../../engine/math/rotation';
import { centreOf, labelBox } from './reslice';

export interface Surface {
  /** x, y, z in voxels, vertex by vertex. */
  readonly vertices: Float32Array;
  /** Three vertices a triangle, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
}

const smoothingSteps = 5;
/** Farthest a vertex moves along an axis; at half a voxel a single voxel would shrink to a point. */
const reachVoxels = 0.32;

export function labelSurface(labels: Uint8Array, shape: Shape, value: number): Surface {
  const box = labelBox(labels, shape, value);
  if (!box) return { vertices: new Float32Array(0), triangles: new Uint32Array(0) };
  // Cells lie between voxels, one beyond the label on each side; cell (0, 0, 0) has its lowest corner at `start`.
  const start = box.low.map((low) => low - 1);
  const cells = box.high.map((high, axis) => high - start[axis] + 1);
  const [nx, ny, nz] = shape;
  const isInside = (x: number, y: number, z: number): boolean => x >= 0 && y >= 0 && z >= 0 && x < nx && y < ny && z < nz && labels[x + nx * (y + ny * z)] === value;

  const vertexOfCell = new Int32Array(cells[0] * cells[1] * cells[2]).fill(-1);
  const cellIndex = (i: number, j: number, k: number): number => i + cells[0] * (j + cells[1] * k);
  const centres: number[] = [];
  for (let k = 0; k < cells[2]; k++)
    for (let j = 0; j < cells[1]; j++)
      for (let i = 0; i < cells[0]; i++) {
        let corners = 0;
        for (let c = 0; c < 8; c++) if (isInside(start[0] + i + (c & 1), start[1] + j + ((c >> 1) & 1), start[2] + k + (c >> 2))) corners++;
        if (corners === 0 || corners === 8) continue;
        vertexOfCell[cellIndex(i, j, k)] = centres.length / 3;
        centres.push(start[0] + i + 0.5, start[1] + j + 0.5, start[2] + k + 0.5);
      }

  const triangles: number[] = [];
  const neighbours: number[][] = Array.from({ length: centres.length / 3 }, () => []);
  const join = (a: number, b: number) => {
    neighbours[a].push(b);
    neighbours[b].push(a);
  };
  /** Four cells round an edge of the lattice that the surface crosses. */
  const quad = (a: number, b: number, c: number, d: number, isOutward: boolean) => {
    triangles.push(...(isOutward ? [a, b, c, a, c, d] : [a, c, b, a, d, c]));
    join(a, b);
    join(b, c);
    join(c, d);
    join(d, a);
  };
  for (let k = 1; k <= cells[2]; k++)
    for (let j = 1; j <= cells[1]; j++)
      for (let i = 1; i <= cells[0]; i++) {
        const [x, y, z] = [start[0] + i, start[1] + j, start[2] + k];
        const here = isInside(x, y, z);
        const at = (di: number, dj: number, dk: number) => vertexOfCell[cellIndex(i + di, j + dj, k + dk)];
        if (here !== isInside(x - 1, y, z)) quad(at(-1, -1, -1), at(-1, 0, -1), at(-1, 0, 0), at(-1, -1, 0), !here);
        if (here !== isInside(x, y - 1, z)) quad(at(-1, -1, -1), at(-1, -1, 0), at(0, -1, 0), at(0, -1, -1), !here);
        if (here !== isInside(x, y, z - 1)) quad(at(-1, -1, -1), at(0, -1, -1), at(0, 0, -1), at(-1, 0, -1), !here);
      }
  return { vertices: smoothed(Float32Array.from(centres), neighbours), triangles: Uint32Array.from(triangles) };
}

function smoothed(vertices: Float32Array, neighbours: readonly (readonly number[])[]): Float32Array {
  const centres = vertices.slice();
  for (let step = 0; step < smoothingSteps; step++) {
    const before = vertices.slice();
    neighbours.forEach((others, vertex) => {
      for (let axis = 0; axis < 3; axis++) {
        let sum = 0;
        for (const other of others) sum += before[3 * other + axis];
        const centre = centres[3 * vertex + axis];
        vertices[3 * vertex + axis] = Math.min(centre + reachVoxels, Math.max(centre - reachVoxels, others.length ? sum / others.length : centre));
      }
    });
  }
  return vertices;
}

/** A surface found on a canvas turned by `rotation`, on the upright head: no voxel is resampled for it. */
export function turnedBack({ vertices, triangles }: Surface, shape: Shape, rotation: RotationMatrix): Surface {
  const [cx, cy, cz] = centreOf(shape);
  const [a, b, c, d, e, f, g, h, i] = inverseRotation(rotation);
  const back = new Float32Array(vertices.length);
  for (let v = 0; v < vertices.length; v += 3) {
    const x = vertices[v] - cx, y = vertices[v + 1] - cy, z = vertices[v + 2] - cz;
    back[v] = cx + a * x + b * y + c * z;
    back[v + 1] = cy + d * x + e * y + f * z;
    back[v + 2] = cz + g * x + h * y + i * z;
  }
  return { vertices: back, triangles };
}

/** Every vertex moved inwards by `voxels`: a surface drawn inside another that coincides with it stays hidden, instead of flickering through. */
export function shrunk({ vertices, triangles }: Surface, voxels: number): Surface {
  const normals = new Float32Array(vertices.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const edge = (from: number, to: number) => [0, 1, 2].map((axis) => vertices[to + axis] - vertices[from + axis]);
    const [u, v] = [edge(a, b), edge(a, c)];
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const vertex of [a, b, c]) for (let axis = 0; axis < 3; axis++) normals[vertex + axis] += normal[axis];
  }
  const moved = vertices.slice();
  for (let v = 0; v < vertices.length; v += 3) {
    const length = Math.hypot(normals[v], normals[v + 1], normals[v + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) moved[v + axis] -= (voxels * normals[v + axis]) / length;
  }
  return { vertices: moved, triangles };
}
