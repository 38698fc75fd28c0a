/**
 * @file Convolution by Fourier transforms of overlapping tiles (overlap-save): how a volume is cut, where spectra have what, and when it pays.
 *
 * Tiles are real, so half of a spectrum, kx <= lengthX / 2, stands for all of it: a row of each tile at every point, all multiplied by the kernel's spectrum there, so that a product over channels is one matrix product of rows.
 */
import { mostBytes, share } from '../blocks';
import { planeTransform } from '../line-transform';
import { complexBytes, lineLengths, vectorLanes, type LineLength } from './fourier-transform';

export type Lengths = readonly [x: LineLength, y: LineLength, z: LineLength];
/** How a batch is cut into tiles. */
export interface TilePlan {
  readonly taps: number;
  readonly lengths: Lengths;
  /** Results of a tile along x, y, z. */
  readonly outputs: readonly [x: number, y: number, z: number];
  /** Points of half a spectrum, kz fastest, then kx, then ky. */
  readonly points: number;
  readonly tiles: readonly [x: number, y: number, z: number];
  /** Of the whole batch, and how many have their spectra in memory at a time: always even. */
  readonly tileCount: number;
  readonly tilesPerSlab: number;
}
export interface FourierPlan extends TilePlan {
  /** A row of one point, inputs one after the other and outputs in whole vectors. */
  readonly rowBytesIn: number;
  readonly rowBytesOut: number;
  readonly slabBytesIn: number;
  readonly slabBytesOut: number;
  /** Vectors of outputs that are made at a time. */
  readonly vectorsPerPart: number;
  /** Spectra of the kernels of a part, or of their gradients: [point, pair of vectors of outputs, input, vector of the pair]. */
  readonly kernelBytes: number;
}

/** Tiles with transforms of these lengths; slabs take at most so many bytes where two tiles do, with so many at each point for each tile. */
export function tilePlan(taps: number, lengths: Lengths, [batch, depth, height, width]: readonly number[], rowBytes: number, bytes: number): TilePlan {
  const outputs = lengths.map((length) => length - taps + 1) as [number, number, number];
  const tiles = [width, height, depth].map((size, axis) => Math.ceil(size / outputs[axis])) as [number, number, number];
  const tileCount = batch * tiles[0] * tiles[1] * tiles[2];
  const points = pointsOf(lengths);
  const even = (count: number): number => Math.ceil(count / 2) * 2;
  return { taps, lengths, outputs, points, tiles, tileCount, tilesPerSlab: Math.min(even(tileCount), Math.max(2, 2 * Math.floor(bytes / (points * rowBytes) / 2))) };
}
const pointsOf = ([x, y, z]: Lengths): number => halfLength(x) * y * z;
export const halfLength = (length: number): number => length / 2 + 1;

/** What a voxel of a tile's transform, and a point of a kernel's spectrum, takes in multiply-adds of the products: measured. */
const transformWork = 40;
const kernelWork = 35;
/** Of minimal filtering, per product. */
const filteringWork = 1.15;

/** What is convolved: channels in (of each input), channels out (of each output). */
export interface ConvolutionShape {
  readonly taps: number;
  readonly shape: readonly number[];
  readonly channelsIn: readonly number[];
  readonly channelsOut: readonly number[];
}
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
/** Bytes of a row of spectra, channels one after the other: the last input writes whole vectors. */
const rowBytes = (channels: readonly number[]): number => (sum(channels.slice(0, -1)) + wholeVectors(channels.at(-1)!)) * 8;

/** The plan with the least work, or undefined where minimal filtering has less: by shape alone. `filteredAxes`: those along which minimal filtering saves products; `bytes`: the most that kernels' spectra, and those of a slab, take. */
export function fourierPlan({ taps, shape, channelsIn, channelsOut }: ConvolutionShape, filteredAxes: 1 | 2, bytes = mostBytes): FourierPlan | undefined {
  const [batch, depth, height, width] = shape;
  if (taps !== 3 && taps !== 5) return undefined;
  const pairs = sum(channelsIn) * sum(channelsOut);
  const { alongX, alongY } = planeTransform(taps, width, height);
  const products = (alongX.points * Math.ceil(width / alongX.outputs) * (filteredAxes === 2 ? alongY.points * Math.ceil(height / alongY.outputs) : taps * height)) * depth * taps * batch;
  let best: { plan: FourierPlan; work: number } | undefined;
  for (const x of lineLengths) for (const y of lineLengths) for (const z of lineLengths) {
    const { plan, parts } = planWith([x, y, z]);
    const transformed = parts * sum(channelsIn) + sum(channelsOut);
    const work = plan.tileCount * (plan.points * 4 * pairs + x * y * z * transformWork * transformed) + plan.points * kernelWork * pairs;
    if (plan.kernelBytes <= bytes && (!best || work < best.work)) best = { plan, work };
  }
  return best && best.work < products * pairs * filteringWork ? best.plan : undefined;

  function planWith(lengths: Lengths): { plan: FourierPlan; parts: number } {
    const points = pointsOf(lengths);
    const vectors = sum(channelsOut.map(vectorsOf));
    const vectorBytes = points * sum(channelsIn) * complexBytes;
    const parts = Math.ceil(vectors / Math.max(1, Math.floor(bytes / vectorBytes)));
    const vectorsPerPart = share(vectors, parts);
    const [rowBytesIn, rowBytesOut] = [rowBytes(channelsIn), vectorsPerPart * complexBytes];
    const plan = tilePlan(taps, lengths, shape, rowBytesIn + rowBytesOut, bytes);
    const slabBytes = points * plan.tilesPerSlab;
    return {
      plan: { ...plan, rowBytesIn, rowBytesOut, slabBytesIn: slabBytes * rowBytesIn, slabBytesOut: slabBytes * rowBytesOut, vectorsPerPart, kernelBytes: vectorsPerPart * vectorBytes },
      parts,
    };
  }
}

export const vectorsOf = (channels: number): number => Math.ceil(channels / vectorLanes);
/** Channels, filled up to whole vectors. */
export const wholeVectors = (channels: number): number => vectorsOf(channels) * vectorLanes;
