/**
 * @file How a depthwise convolution is cut into work items: a region of rows and planes and a few vectors of channels. The input of an item lies in a thread's scratch as a ring of
 * planes [plane, vector, row, x, 4], with zeros left and right, so that neighbours along x are neighbours in memory whatever the number of channels, and near enough for the first cache.
 */
import { I32, loadV128, type FunctionBuilder } from '../../assembler';

export const vectorBytes = 16;
/** Voxels along x that a register tile holds: with a row of five factors they fill the sixteen registers. */
export const tileVoxels = 8;
/** A line of cache is four vectors: an item reads whole lines. */
const vectorsPerItem = 4;
const [mostRows, mostPlanes] = [12, 16];

const names = ['depth', 'height', 'width', 'channels', 'vectors', 'tiles', 'rows', 'planes', 'slabs', 'ranges', 'bundles', 'rowBytes', 'vectorPlaneBytes', 'planeBytes'] as const;
type RegionFields<T> = Record<(typeof names)[number], T>;
export const regionFields = Object.fromEntries(names.map((name) => [name, 'i32'])) as RegionFields<'i32'>;

export interface RegionPlan {
  readonly fields: RegionFields<number>;
  /** An item is a bundle of vectors in a region. */
  readonly items: number;
  readonly regions: number;
  readonly ringBytes: number;
}

/** A function of the shape only. */
export function planRegions(taps: number, [batch, depth, height, width, channels]: readonly number[]): RegionPlan {
  const share = (count: number, most: number): number => Math.ceil(count / Math.ceil(count / most));
  const [rows, planes] = [share(height, mostRows), share(depth, mostPlanes)];
  const [slabs, ranges] = [Math.ceil(height / rows), Math.ceil(depth / planes)];
  const vectors = Math.ceil(channels / 4);
  const bundles = Math.ceil(vectors / vectorsPerItem);
  const tiles = Math.ceil(width / tileVoxels);
  const rowBytes = (tiles * tileVoxels + taps - 1) * vectorBytes;
  const vectorPlaneBytes = (rows + taps - 1) * rowBytes;
  const planeBytes = vectorsPerItem * vectorPlaneBytes;
  const regions = batch * ranges * slabs;
  return { fields: { depth, height, width, channels, vectors, tiles, rows, planes, slabs, ranges, bundles, rowBytes, vectorPlaneBytes, planeBytes }, items: regions * bundles, regions, ringBytes: taps * planeBytes };
}

/** What an item's number means. */
export function locateRegion(f: FunctionBuilder, p: RegionFields<I32>, item: I32) {
  const bundle = f.i32(item.rem(p.bundles));
  const region = f.i32(item.div(p.bundles));
  const firstRow = f.i32(region.rem(p.slabs).mul(p.rows));
  const range = f.i32(region.div(p.slabs));
  const firstPlane = f.i32(range.rem(p.ranges).mul(p.planes));
  const firstVector = f.i32(bundle.mul(vectorsPerItem));
  return {
    region,
    firstRow,
    rows: f.i32(p.height.sub(firstRow).min(p.rows)),
    firstPlane,
    planes: f.i32(p.depth.sub(firstPlane).min(p.planes)),
    /** First plane of the item's volume, over the batch. */
    volume: f.i32(range.div(p.ranges).mul(p.depth)),
    firstVector,
    vectors: f.i32(p.vectors.sub(firstVector).min(vectorsPerItem)),
    voxelBytes: f.i32(p.channels.shl(2)),
  };
}
export type Region = ReturnType<typeof locateRegion>;

/** First byte of a row's first vector of the item. */
export const rowStart = (p: RegionFields<I32>, { volume, voxelBytes, firstVector }: Region, pointer: I32, plane: I32, row: I32): I32 =>
  pointer.add(volume.add(plane).mul(p.height).add(row).mul(p.width).mul(voxelBytes)).add(firstVector.shl(4));

/** Copies rows `from` to `to` of a plane into [vector, row, x, 4], the first one to `target`. */
export function gatherRows(f: FunctionBuilder, p: RegionFields<I32>, region: Region, { pointer, plane, from, to, target }: Record<'pointer' | 'plane' | 'from' | 'to' | 'target', I32>): void {
  const [row, at, source, out] = [f.i32(target), f.i32(), f.i32(), f.i32()];
  f.for(from, to, 1, (y) => {
    f.set(at, rowStart(p, region, pointer, plane, y));
    f.for(0, region.vectors, 1, (vector) => {
      f.set(source, at.add(vector.shl(4)));
      f.set(out, row.add(vector.mul(p.vectorPlaneBytes)));
      f.times(p.width, () => {
        f.store(out, loadV128(source));
        f.advance(source, region.voxelBytes);
        f.advance(out, vectorBytes);
      });
    });
    f.advance(row, p.rowBytes);
  });
}

/** The part of the taps of one axis that meets the volume: those at `index + tap - radius` inside 0 .. size. */
export const tapRange = (taps: number, index: I32, size: I32): readonly [I32, I32] => {
  const radius = (taps - 1) / 2;
  return [I32.of(radius).sub(index).max(0), size.add(radius).sub(index).min(taps)];
};

/** For each plane of the item's region in turn, as soon as the ring holds the input planes under its taps; the ring is zeroed before. */
export function forEachPlane(f: FunctionBuilder, p: RegionFields<I32>, region: Region, taps: number, { pointer, ring }: Record<'pointer' | 'ring', I32>, body: (plane: I32) => void): void {
  const { firstRow, rows, firstPlane, planes } = region;
  const radius = (taps - 1) / 2;
  const [plane, result] = [f.i32(), f.i32()];
  f.for(0, planes.add(taps - 1), 1, (step) => {
    f.set(plane, firstPlane.add(step).sub(radius));
    f.if(plane.ge(0).and(plane.lt(p.depth)), () => {
      const from = f.i32(firstRow.sub(radius).max(0));
      const target = f.i32(ring.add(step.rem(taps).mul(p.planeBytes)).add(from.add(radius).sub(firstRow).mul(p.rowBytes)).add(radius * vectorBytes));
      gatherRows(f, p, region, { pointer, plane, from, to: f.i32(firstRow.add(rows).add(radius).min(p.height)), target });
    });
    f.if(step.ge(taps - 1), () => {
      f.set(result, plane.sub(radius));
      body(result);
    });
  });
}
