/** @file Tiles of a tensor to spectra and back. A work item is one pair of tiles and up to two vectors of channels, which share the cache lines of a spectrum. */
import { I32, loadV128, V128, type FunctionBuilder, type FunctionReference, type ModuleBuilder } from '../../../assembler';
import type { HeapTensor } from '../../../backend';
import { blockChannels, integerFields } from '../blocks';
import { transpose } from '../../transpose';
import { complexBytes, conjugate, loadComplex, storeComplex, swapped, transformLine, type Complex } from './fourier-transform';
import { halfLength, pairsOf, vectorsOf, type Lengths, type TilePlan } from './fourier-plan';

const volumeNames = ['depth', 'height', 'width', 'tilesX', 'tilesY', 'tilesZ', 'tileCount', 'firstTile', 'pairBytes', 'pointBytes', 'rowBytes', 'groups', 'vectors', 'channels', 'voxelBytes'] as const;
const spectraFields = integerFields(...(['tensor', 'spectra', 'resultsOnly', 'scalars', ...volumeNames] as const));
const tilesFields = integerFields(...(['tensor', 'spectra', ...volumeNames] as const));
const vectorBytes = 16;
/** Vectors of channels of one work item. */
const together = blockChannels / 4;

/** Some neighbouring channels of a tensor. */
export interface Channels {
  readonly tensor: HeapTensor;
  readonly first: number;
  readonly count: number;
}
/**
 * What the four lanes of a vector of a spectrum hold: channels of one point, or neighbouring points (along z) of one channel. Of `points`, four points are one block: rows [block, tile, channel], each (re of four, im of four).
 */
export type Lanes = 'channels' | 'points';
const lanesOf = (lanes: Lanes) => (lanes === 'points' ? { pointsPerStep: 4, bytesPerVector: 4 * complexBytes } : { pointsPerStep: 1, bytesPerVector: complexBytes });

/** Rows of spectra, fields and items for one slab of tiles. */
export function slabOf({ tiles, tileCount, tilesPerSlab }: TilePlan, { tensor: { pointer, shape: [, depth, height, width, channels] }, first, count }: Channels, firstTile: number, rowBytes: number) {
  const vectors = vectorsOf(count);
  const groups = pairsOf(vectors);
  const rows = Math.min(tilesPerSlab, 2 * Math.ceil((tileCount - firstTile) / 2));
  return {
    rows,
    fields: { tensor: pointer + first * 4, depth, height, width, tilesX: tiles[0], tilesY: tiles[1], tilesZ: tiles[2], tileCount, firstTile, pairBytes: 2 * rowBytes, pointBytes: tilesPerSlab * rowBytes, rowBytes, groups, vectors, channels: count, voxelBytes: channels * 4 },
    items: (rows / 2) * groups,
  };
}

/** Scratch of a thread: a line of vectors, the middle of a transform, and a tile pair of each vector [vector, z, y, x]. */
const scratchOf = (lengths: Lengths) => {
  const longest = Math.max(...lengths) * complexBytes;
  const [x, y, z] = lengths;
  return { line: longest, tiles: 2 * longest, tileBytes: x * y * z * complexBytes + 64 };
};
export const tileScratchBytes = (lengths: Lengths): number => {
  const { tiles, tileBytes } = scratchOf(lengths);
  return tiles + together * tileBytes;
};

interface Place {
  readonly x: I32;
  readonly y: I32;
  readonly z: I32;
  /** First voxel of the volume of this tile's batch item. */
  readonly volume: I32;
  /** 0 for the missing partner of a last tile. */
  readonly there: I32;
}
type VolumeFields = { readonly [K in (typeof volumeNames)[number] | 'tensor' | 'spectra']: I32 };

/** First voxels of the two tiles of a pair, before any margin. */
const placesOf = (f: FunctionBuilder, p: VolumeFields, pair: I32, [outX, outY, outZ]: readonly number[]): Place[] =>
  [0, 1].map((n) => {
    const tile = f.i32(p.firstTile.add(pair.shl(1)).add(n));
    const there = f.i32(tile.lt(p.tileCount));
    const x = f.i32(tile.rem(p.tilesX).mul(outX));
    f.set(tile, tile.div(p.tilesX));
    const y = f.i32(tile.rem(p.tilesY).mul(outY));
    f.set(tile, tile.div(p.tilesY));
    const z = f.i32(tile.rem(p.tilesZ).mul(outZ));
    return { x, y, z, there, volume: f.i32(tile.div(p.tilesZ).mul(p.depth).mul(p.height).mul(p.width)) };
  });

/** A function of (from, to, bytes from point to point of a spectrum, scratch of a transform); lines along x and y know their steps and do not read the third. */
const lineFunction = (m: ModuleBuilder, length: Lengths[number], read: (f: FunctionBuilder, from: I32, step: I32, n: number) => Complex, write: (f: FunctionBuilder, to: I32, step: I32, k: number, value: Complex) => void): FunctionReference =>
  m.function(['i32', 'i32', 'i32', 'i32'], (f, from: I32, to: I32, step: I32, middle: I32) => transformLine(f, length, middle, (n) => read(f, from, step, n), (k, value) => write(f, to, step, k, value)));
/** Four complex vectors with rows and lanes exchanged. */
function transposeBlock(f: FunctionBuilder, read: (n: number) => Complex, write: (n: number, value: Complex) => void): void {
  const rows = [0, 1, 2, 3].map(read);
  const re = transpose(f, rows.map((row) => f.v128(row.re)));
  const im = transpose(f, rows.map((row) => f.v128(row.im)));
  re.forEach((part, n) => write(n, { re: part, im: im[n]! }));
}
const noStep = I32.of(0);
/** Reads a line of a tile whose vectors are so many bytes apart. */
const spaced = (bytes: number) => (_: FunctionBuilder, from: I32, __: I32, n: number): Complex => loadComplex(from, n * bytes);

/** Every line along y of so many planes of a tile, in place. Changes the pointer. */
function alongRows(f: FunctionBuilder, line: FunctionReference, tile: I32, planes: number, [lengthX, lengthY]: Lengths, middle: I32): void {
  f.times(planes, () => {
    f.times(lengthX, () => {
      f.call(line, tile, tile, noStep, middle);
      f.advance(tile, complexBytes);
    });
    f.advance(tile, (lengthY - 1) * lengthX * complexBytes);
  });
}
/** Visits (ky, kx) of half a spectrum: where the column is in a tile, and where that of (-ky, -kx), whose conjugate is the second row of a pair. */
function forColumns(f: FunctionBuilder, [lengthX, lengthY]: Lengths, body: (column: I32, mirrored: I32, x: I32) => void): void {
  const rowBytes = lengthX * complexBytes;
  f.for(0, lengthY, 1, (y) =>
    f.for(0, halfLength(lengthX), 1, (x) => {
      const mirrored = f.i32(I32.of(lengthY).sub(y).rem(lengthY).mul(rowBytes).add(I32.of(lengthX).sub(x).rem(lengthX).mul(complexBytes)));
      body(f.i32(y.mul(rowBytes).add(x.mul(complexBytes))), mirrored, x);
    }),
  );
}

/**
 * Spectra of the tiles: rows [point, tile, channel], channels either one after the other as (re, im) (`scalars` not 0: a left factor, read one by one) or in vectors (re of four, im of four).
 * A tile is as long as the transform and reaches the kernel's radius beyond its results on either side; with `resultsOnly` not 0 it is zero there.
 */
export function spectraKernel(m: ModuleBuilder, { taps, lengths, outputs }: TilePlan, lanes: Lanes = 'channels') {
  const radius = (taps - 1) / 2;
  const [lengthX, lengthY, lengthZ] = lengths;
  const { line: lineBytes, tiles: tilesAt, tileBytes } = scratchOf(lengths);
  const [rowBytes, planeBytes] = [lengthX * complexBytes, lengthY * lengthX * complexBytes];
  const alongX = lineFunction(m, lengthX, spaced(complexBytes), (f, to, _, k, value) => storeComplex(f, to, value, k * complexBytes));
  const alongY = lineFunction(m, lengthY, spaced(rowBytes), (f, to, _, k, value) => storeComplex(f, to, value, k * rowBytes));
  const point = (to: I32, step: I32, k: number): I32 => to.add(step.mul(k));
  const asScalars = (f: FunctionBuilder, to: I32, step: I32, k: number, { re, im }: Complex): void => {
    const [at, real, imaginary] = [f.i32(point(to, step, k)), f.v128(re), f.v128(im)];
    storeComplex(f, at, { re: real.shuffle(imaginary, [0, 4, 1, 5]), im: real.shuffle(imaginary, [2, 6, 3, 7]) });
  };
  const asVectors = (f: FunctionBuilder, to: I32, step: I32, k: number, value: Complex): void => storeComplex(f, f.i32(point(to, step, k)), value);
  const { pointsPerStep, bytesPerVector } = lanesOf(lanes);
  /** The line of four channels, from its place before `middle`, to blocks of four points. */
  const asPoints = (change: (c: Complex) => Complex) =>
    m.function(['i32', 'i32', 'i32', 'i32'], (f, from: I32, to: I32, step: I32, middle: I32) => {
      const line = f.i32(middle.sub(lineBytes));
      transformLine(f, lengthZ, middle, (n) => change(loadComplex(from, n * planeBytes)), (k, value) => storeComplex(f, line, value, k * complexBytes));
      f.times(lengthZ / 4, () => {
        transposeBlock(f, (n) => loadComplex(line, n * complexBytes), (channel, value) => storeComplex(f, to, value, channel * complexBytes));
        f.advance(line, 4 * complexBytes);
        f.advance(to, step);
      });
    });
  const alongZ = lanes === 'points' ? [[(c: Complex) => c, conjugate].map(asPoints)] : [asVectors, asScalars].map((write) => [(c: Complex) => c, conjugate].map((change) => lineFunction(m, lengthZ, (_, from, __, n) => change(loadComplex(from, n * planeBytes)), write)));

  return m.kernel('spectra', spectraFields, (f, p, item, scratch) => {
    const pair = f.i32(item.div(p.groups));
    const firstVector = f.i32(item.rem(p.groups).mul(together));
    const count = f.i32(p.vectors.sub(firstVector).min(together));
    const places = placesOf(f, p, pair, outputs);
    const middle = f.i32(scratch.add(lineBytes));
    const margin = f.i32(p.resultsOnly.choose(0, radius));
    /** Part of an axis that is read, in the volume, and where the tile begins. */
    const range = (start: I32, axis: number, size: I32) => ({ begin: f.i32(start.sub(radius)), from: f.i32(start.sub(margin).max(0)), to: f.i32(start.add(outputs[axis]).add(margin).min(size)) });
    const ranges = places.map(({ x, y, z, volume, there }) => ({ x: range(x, 0, p.width), y: range(y, 1, p.height), z: range(z, 2, p.depth), volume, there }));
    const within = (at: I32, { from, to }: { from: I32; to: I32 }): I32 => at.ge(from).and(at.lt(to));
    const firstChannel = f.i32(p.tensor.add(firstVector.mul(vectorBytes)));
    const firstRow = f.i32(scratch.add(tilesAt));
    f.fillZero(scratch, rowBytes);
    f.for(0, lengthZ, 1, (z) =>
      f.for(0, lengthY, 1, (y) => {
        const rows = ranges.map((tile) => ({ y: f.i32(tile.y.begin.add(y)), z: f.i32(tile.z.begin.add(z)) }));
        const inside = ranges.map((tile, part) => f.i32(tile.there.and(within(rows[part].y, tile.y)).and(within(rows[part].z, tile.z))));
        // vectors one after the other: they share the cache lines of the tensor
        f.for(0, count, 1, (vector) => {
          const to = f.i32(firstRow.add(vector.mul(tileBytes)));
          f.if(
            inside[0].or(inside[1]),
            () => {
              ranges.forEach((tile, part) => {
                const target = f.i32(scratch.add(tile.x.from.sub(tile.x.begin).mul(complexBytes)).add(part * vectorBytes));
                const voxels = f.i32(tile.x.to.sub(tile.x.from));
                f.if(
                  inside[part],
                  () => {
                    const voxel = tile.volume.add(rows[part].z.mul(p.height).add(rows[part].y).mul(p.width)).add(tile.x.from);
                    const source = f.i32(firstChannel.add(vector.mul(vectorBytes)).add(voxel.mul(p.voxelBytes)));
                    f.times(voxels, () => {
                      f.store(target, loadV128(source));
                      f.advance(source, p.voxelBytes);
                      f.advance(target, complexBytes);
                    });
                  },
                  () =>
                    f.times(voxels, () => {
                      f.store(target, V128.of(0));
                      f.advance(target, complexBytes);
                    }),
                );
              });
              f.call(alongX, scratch, to, noStep, middle);
            },
            () => f.fillZero(to, rowBytes),
          );
        });
        f.advance(firstRow, rowBytes);
      }),
    );
    f.for(0, count, 1, (vector) => {
      const to = f.i32(scratch.add(tilesAt).add(vector.mul(tileBytes)));
      alongRows(f, alongY, to, lengthZ, lengths, middle);
    });
    const target = f.i32(p.spectra.add(pair.mul(p.pairBytes)).add(firstVector.mul(bytesPerVector)));
    forColumns(f, lengths, (column, mirrored) => {
      alongZ.forEach(([plain, conjugated], form) =>
        f.if(p.scalars.eq(form), () =>
          f.for(0, count, 1, (vector) => {
            const from = f.i32(scratch.add(tilesAt).add(vector.mul(tileBytes)));
            const to = f.i32(target.add(vector.mul(bytesPerVector)));
            f.call(plain, from.add(column), to, p.pointBytes, middle);
            f.call(conjugated, from.add(mirrored), to.add(p.rowBytes), p.pointBytes, middle);
          }),
        ),
      );
      f.advance(target, p.pointBytes.mul(lengthZ / pointsPerStep));
    });
  });
}

/** Tiles of spectra in vectors into the voxels of a tensor. */
export function tilesKernel(m: ModuleBuilder, { taps, lengths, outputs }: TilePlan, lanes: Lanes = 'channels') {
  const radius = (taps - 1) / 2;
  const [lengthX, lengthY, lengthZ] = lengths;
  const [outX, outY, outZ] = outputs;
  const { line: lineBytes, tiles: tilesAt, tileBytes } = scratchOf(lengths);
  const [rowBytes, planeBytes] = [lengthX * complexBytes, lengthY * lengthX * complexBytes];
  const isResult = (k: number, axis: number): boolean => k >= radius && k < radius + outputs[axis];
  /** exp(+): swapped before and after; only results are kept. */
  const inverse = (axis: 0 | 1 | 2, read: (f: FunctionBuilder, from: I32, step: I32, n: number) => Complex, stepBytes: number, change = (c: Complex) => c) =>
    lineFunction(m, lengths[axis], (...at) => swapped(read(...at)), (f, to, _, k, value) => isResult(k, axis) && storeComplex(f, to, change(swapped(value)), (k - radius) * stepBytes));
  const alongX = inverse(0, spaced(complexBytes), complexBytes);
  const alongY = inverse(1, spaced(rowBytes), rowBytes);
  const { pointsPerStep, bytesPerVector } = lanesOf(lanes);
  const fromChannels = (change: (c: Complex) => Complex) => inverse(2, (f, from, step, n) => loadComplex(f.i32(from.add(step.mul(n)))), planeBytes, change);
  const fromPoints = (change: (c: Complex) => Complex) =>
    m.function(['i32', 'i32', 'i32', 'i32'], (f, from: I32, to: I32, step: I32, middle: I32) => {
      const line = f.i32(middle.sub(lineBytes));
      f.times(lengthZ / 4, () => {
        transposeBlock(f, (channel) => loadComplex(from, channel * complexBytes), (n, value) => storeComplex(f, line, value, n * complexBytes));
        f.advance(line, 4 * complexBytes);
        f.advance(from, step);
      });
      f.set(line, middle.sub(lineBytes));
      transformLine(f, lengthZ, middle, (n) => swapped(loadComplex(line, n * complexBytes)), (k, value) => isResult(k, 2) && storeComplex(f, to, change(swapped(value)), (k - radius) * planeBytes));
    });
  const [plain, conjugated] = [(c: Complex) => c, conjugate].map(lanes === 'points' ? fromPoints : fromChannels);

  return m.kernel('tiles', tilesFields, (f, p, item, scratch) => {
    const pair = f.i32(item.div(p.groups));
    const firstVector = f.i32(item.rem(p.groups).mul(together));
    const count = f.i32(p.vectors.sub(firstVector).min(together));
    const places = placesOf(f, p, pair, outputs);
    const middle = f.i32(scratch.add(lineBytes));
    const source = f.i32(p.spectra.add(pair.mul(p.pairBytes)).add(firstVector.mul(bytesPerVector)));
    forColumns(f, lengths, (column, mirrored, x) => {
      f.for(0, count, 1, (vector) => {
        const to = f.i32(scratch.add(tilesAt).add(vector.mul(tileBytes)));
        const from = f.i32(source.add(vector.mul(bytesPerVector)));
        f.call(plain, from, to.add(column), p.pointBytes, middle);
        // mirror images of the first and the last columns are columns of their own
        f.if(x.gt(0).and(x.lt(halfLength(lengthX) - 1)), () => f.call(conjugated, from.add(p.rowBytes), to.add(mirrored), p.pointBytes, middle));
      });
      f.advance(source, p.pointBytes.mul(lengthZ / pointsPerStep));
    });
    f.for(0, count, 1, (vector) => {
      const from = f.i32(scratch.add(tilesAt).add(vector.mul(tileBytes)));
      alongRows(f, alongY, from, outZ, lengths, middle);
    });
    f.for(0, outZ, 1, (z) =>
      f.for(0, outY, 1, (y) => {
        const inside = places.map((place) => f.i32(place.there.and(place.y.add(y).lt(p.height)).and(place.z.add(z).lt(p.depth))));
        f.if(inside[0].or(inside[1]), () =>
          f.for(0, count, 1, (vector) => {
            f.call(alongX, scratch.add(tilesAt).add(vector.mul(tileBytes)).add(z.mul(planeBytes)).add(y.mul(rowBytes)), scratch, noStep, middle);
            const channels = f.i32(p.channels.sub(firstVector.add(vector).shl(2)).min(4));
            places.forEach((place, part) =>
              f.if(inside[part], () => {
                const from = f.i32(scratch.add(part * vectorBytes));
                const voxel = place.volume.add(place.z.add(z).mul(p.height).add(place.y.add(y)).mul(p.width)).add(place.x);
                const to = f.i32(p.tensor.add(firstVector.add(vector).mul(vectorBytes)).add(voxel.mul(p.voxelBytes)));
                const voxels = f.i32(p.width.sub(place.x).min(outX));
                const store = (write: () => void): void =>
                  f.times(voxels, () => {
                    write();
                    f.advance(to, p.voxelBytes);
                    f.advance(from, complexBytes);
                  });
                f.if(
                  channels.eq(4),
                  () => store(() => f.store(to, loadV128(from))),
                  () => store(() => [0, 1, 2].forEach((c) => f.if(channels.gt(c), () => f.store(to, loadV128(from).lane(c), c * 4)))),
                );
              }),
            );
          }),
        );
      }),
    );
  });
}
