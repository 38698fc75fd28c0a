/** @file The tile one pass works on, and where everything lies in a thread's scratch. All of it follows from shape and lattice alone. */
import { degrees, maximumDegree } from './harmonic-polynomials';
import type { Stencil } from './stencil';
import type { StreamPlan } from './stream-plan';

/** Copies of an input entry handled together, by degree: 4, 6, 5 and 7 channels. */
export const groupSize = [4, 2, 1, 1] as const;
/** Channel rows of the gathered input: two vectors of four. */
export const gatheredRows = 8;

/** Voxels along x and z of one plane of a tile; planes are stacked along y. */
export interface TileShape {
  readonly width: number;
  readonly height: number;
}
const candidates: readonly TileShape[] = [
  { width: 16, height: 4 },
  { width: 8, height: 8 },
  { width: 12, height: 4 },
];
/** The tile that wastes the fewest voxels; the first wins a tie. */
export function chooseTile(sizeX: number, sizeZ: number): TileShape {
  const covered = ({ width, height }: TileShape) => Math.ceil(sizeX / width) * width * Math.ceil(sizeZ / height) * height;
  return candidates.reduce((best, tile) => (covered(tile) < covered(best) ? tile : best));
}
/** Planes of a tile: fewer where the volume would give too few tiles to share out. */
export function planesPerTile(sizeX: number, sizeY: number, sizeZ: number, { width, height }: TileShape): number {
  const columns = Math.ceil(sizeX / width) * Math.ceil(sizeZ / height);
  return columns * Math.ceil(sizeY / 8) >= 8 ? 8 : 4;
}
export const maximumPlanes = 8;

/** Sums of one input component: each harmonic in each of its radial streams. */
export const harmonicsOf = ({ radial }: Stencil): number => radial.reduce((sum, streams, degree) => sum + streams.length * (2 * degree + 1), 0);

/** Offsets in bytes inside a thread's scratch. */
export interface ScratchLayout {
  /** Voxels of one plane, and floats from one stream to the next: padded off powers of two, which would share cache sets. */
  readonly voxels: number;
  readonly streamStride: number;
  readonly rowStride: number;
  readonly channelStride: number;
  readonly mapPlaneStride: number;
  readonly gathered: number;
  readonly rowSums: number;
  readonly maps: number;
  readonly harmonics: number;
  /** First stream of each degree of the input towards each of its targets. */
  readonly streams: readonly (readonly number[])[];
  /** Accumulators [plane][channel][voxel] start here; second such block for the weight gradient behind it. */
  readonly accumulators: number;
}
export function scratchLayout(stencil: Stencil, plan: StreamPlan, { width, height }: TileShape): ScratchLayout {
  const [haloX, haloY, haloZ] = stencil.reach.map((reach) => 2 * reach) as [number, number, number];
  const voxels = width * height;
  const streamStride = voxels + 16;
  const rowStride = width + 8;
  const channelStride = (maximumPlanes + haloY) * (height + haloZ) * rowStride;
  const mapPlaneStride = stencil.maps.length * streamStride;
  let at = 0;
  const take = (floats: number) => {
    const start = at;
    at = Math.ceil((at + floats * 4) / 64) * 64;
    return start;
  };
  const gathered = take(gatheredRows * channelStride);
  const rowSums = take((height + haloZ) * haloX * width);
  const maps = take(Math.max(...degrees.map((d) => (plan[d]!.length ? groupSize[d]! * (2 * d + 1) : 0))) * (maximumPlanes + haloY) * mapPlaneStride);
  const harmonics = take((2 * maximumDegree + 1) * harmonicsOf(stencil) * 8);
  const streams = plan.map((targets, degreeIn) => targets.map(({ degreeOut, streams: count }) => take((2 * degreeOut + 1) * groupSize[degreeIn]! * count * streamStride)));
  return { voxels, streamStride, rowStride, channelStride, mapPlaneStride, gathered, rowSums, maps, harmonics, streams, accumulators: at };
}
