/** @file A training case that is turned: where its labels come to lie, how large its canvas must be, and any block of that canvas. */
import { planes, type RotationMatrix, type Shape } from '../contract/engine-api';
import type { AcceptedSizes } from '../contract/network-sizes';
import { canvasFor, placeOnCanvas } from '../data/canvas';
import { interpolateLabels } from '../math/resample';
import { planeRotation, rotateVector, type Vector3 } from '../math/rotation';
import { SplineVolume } from '../math/spline-volume';
import { permuteVoxels, type Block } from '../math/turned-grid';
import { sameShape, voxelCount, type Volume } from '../math/volume';
import type { TrainingCase } from './training-data';

/** Voxels of fill around a case before its spline is computed: what the spline makes of the step at the border has died away there. */
const frame = 4;

export class TurnedCase {
  /** Of each contrast, in its frame of fill; made when a turn first needs it. */
  private splines: readonly SplineVolume[] | null = null;
  private framedLabels: Volume<Uint8Array> | null = null;
  /** Centre of the canvas in voxels of the case: an axis of the other parity has one slice of fill at its end. */
  private readonly centre: Vector3;
  private readonly framed: Shape;
  /** The lowest and the highest voxel of the labels' bounding box; null without labels. */
  private readonly labelled: readonly [Shape, Shape] | null;

  constructor(
    private readonly one: TrainingCase,
    private readonly sizes: AcceptedSizes,
  ) {
    const evened = one.labels.shape.map((size) => size + ((size + sizes.remainder) % 2));
    this.centre = evened.map((size) => (size - 1) / 2) as unknown as Vector3;
    this.framed = evened.map((size) => size + 2 * frame) as unknown as Shape;
    this.labelled = boundingBox(one.labels);
  }

  /** Where a voxel of the case comes to lie on the turned canvas. */
  turnedPlace(voxel: Shape, turn: RotationMatrix, canvas: Shape): Vector3 {
    const turned = rotateVector(turn, voxel.map((at, axis) => at - this.centre[axis]!) as unknown as Vector3);
    return turned.map((at, axis) => at + (canvas[axis]! - 1) / 2) as unknown as Vector3;
  }

  /** The canvas, larger where the turned labels would be cut. */
  enlarged(canvas: Shape, turn: RotationMatrix): Shape {
    const extent = this.turnedExtent(turn);
    return canvasFor(canvas.map((size, axis) => Math.max(size, extent[axis]!)) as unknown as Shape, this.sizes);
  }

  /** Voxels that hold the turned labels, the canvas's centre in the middle; none without labels. */
  turnedExtent(turn: RotationMatrix): Shape {
    if (!this.labelled) return [0, 0, 0];
    const reach = [0, 1, 2].map((axis) => Math.max(...corners(this.labelled!).map((corner) => Math.abs(this.turnedPlace(corner, turn, [1, 1, 1])[axis]!))));
    return reach.map((voxels) => Math.ceil(2 * voxels + 1 - 1e-9)) as unknown as Shape;
  }

  /** Of all turns an augmentation draws, to the degree. */
  largestExtent(rotationDegrees: number): Shape {
    const turns = planes.flatMap((plane) => Array.from({ length: Math.ceil(rotationDegrees) + 1 }, (_, angle) => [-1, 1].map((sign) => planeRotation(plane, sign * Math.min(angle, rotationDegrees)))).flat());
    const extents = turns.map((turn) => this.turnedExtent(turn));
    return [0, 1, 2].map((axis) => Math.max(...extents.map((extent) => extent[axis]!))) as unknown as Shape;
  }

  /** A block of the canvas with the turned case in its middle, `fills` around it. A case that is mirrored but not turned keeps its values. */
  block(turn: RotationMatrix, canvas: Shape, block: Block): { images: Volume<Float32Array>[]; labels: Volume<Uint8Array> } {
    const { images, labels, fills } = this.one;
    const isMirror = turn.every((entry, i) => i % 4 === 0 || entry === 0);
    if (isMirror) {
      const moved = <T extends Float32Array | Uint8Array>(volume: Volume<T>, fill: number): Volume<T> => {
        const whole = placeOnCanvas(volume, canvas, fill);
        return cut(turn.includes(-1) ? permuteVoxels(whole, turn, canvas)! : whole, block);
      };
      return { images: images.map((image, contrast) => moved(image, fills[contrast]!)), labels: moved(labels, 0) };
    }
    this.splines ??= images.map((image, contrast) => new SplineVolume(placeOnCanvas(image, this.framed, fills[contrast]!)));
    this.framedLabels ??= placeOnCanvas(labels, this.framed, 0);
    return {
      images: this.splines.map((spline, contrast) => spline.interpolate(turn, fills[contrast]!, canvas, block)),
      labels: interpolateLabels(this.framedLabels, turn, canvas, block),
    };
  }
}

function cut<T extends Float32Array | Uint8Array>({ data, shape }: Volume<T>, { start: [x0, y0, z0], size }: Block): Volume<T> {
  if (sameShape(shape, size)) return { data, shape };
  const out = (data instanceof Float32Array ? new Float32Array(voxelCount(size)) : new Uint8Array(voxelCount(size))) as T;
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) {
      const from = x0 + shape[0] * (y + y0 + shape[1] * (z + z0));
      out.set(data.subarray(from, from + size[0]), size[0] * (y + size[1] * z));
    }
  return { data: out, shape: size };
}

function boundingBox({ data, shape: [nx, ny] }: Volume<Uint8Array>): readonly [Shape, Shape] | null {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  data.forEach((label, i) => {
    if (label === 0) return;
    [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))].forEach((at, axis) => {
      low[axis] = Math.min(low[axis]!, at);
      high[axis] = Math.max(high[axis]!, at);
    });
  });
  return low[0] === Infinity ? null : [low as unknown as Shape, high as unknown as Shape];
}

const corners = ([low, high]: readonly [Shape, Shape]): Shape[] => Array.from({ length: 8 }, (_, i) => [0, 1, 2].map((axis) => ((i >> axis) & 1 ? high : low)[axis]!) as unknown as Shape);
