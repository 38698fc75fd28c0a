/**
 * @file Tiles of a tensor to spectra and back. Two neighbouring rows along y travel along x as the real and the imaginary part of one; what is kept is half a spectrum, which stays in the second cache. A work item is one tile and one
 * vector of eight channels; tiles come first, so that threads do not write to the same voxels at the same time.
 */
import { I32, loadF32, loadV128, V128, type FunctionBuilder, type FunctionReference, type ModuleBuilder } from '../../../assembler';
import type { HeapTensor } from '../../../backend';
import { integerFields } from '../blocks';
import { transpose } from '../../transpose';
import { complexBytes, conjugate, loadComplex, partBytes, storeComplex, swapped, transformLine, vectorLanes, type Complex, type LineLength } from './fourier-transform';
import { halfLength, vectorsOf, type Lengths, type TilePlan } from './fourier-plan';
import { columnsPerBlock, groupsOf, isMirror, placeOf, pointAtRunTime, pointsAlongZ, rowsAt } from './point-blocks';

const volumeNames = ['depth', 'height', 'width', 'tilesX', 'tilesY', 'tilesZ', 'tileCount', 'firstTile', 'pairBytes', 'pointBytes', 'rowBytes', 'vectors', 'rows', 'channels', 'voxelBytes', 'signs', 'signBytes'] as const;
const spectraFields = integerFields(...(['tensor', 'spectra', 'resultsOnly', 'scalars', ...volumeNames] as const));
const tilesFields = integerFields(...(['tensor', 'spectra', ...volumeNames] as const));

/** Some neighbouring channels of a tensor. */
export interface Channels {
  readonly tensor: HeapTensor;
  readonly first: number;
  readonly count: number;
}
/**
 * What the eight lanes of a vector of a spectrum hold: channels of one point, or the points of a block of one channel. Of `points`, rows are [block, tile, channel], each (re of eight, im of eight), and channels change their signs
 * at mirror images as `signs` says: [mirrored along z, mirrored along y, channel, real or imaginary part], sign bits of four lanes.
 */
export type Lanes = 'channels' | 'points';

/** Rows of spectra, fields and items for one slab of tiles. */
export function slabOf({ tiles, tileCount, tilesPerSlab }: TilePlan, { tensor: { pointer, shape: [, depth, height, width, channels] }, first, count }: Channels, firstTile: number, rowBytes: number) {
  const vectors = vectorsOf(count);
  const rows = Math.min(tilesPerSlab, 2 * Math.ceil((tileCount - firstTile) / 2));
  return {
    rows,
    fields: { tensor: pointer + first * 4, depth, height, width, tilesX: tiles[0], tilesY: tiles[1], tilesZ: tiles[2], tileCount, firstTile, pairBytes: 2 * rowBytes, pointBytes: tilesPerSlab * rowBytes, rowBytes, vectors, rows, channels: count, voxelBytes: channels * 4, signs: 0, signBytes: 0 },
    items: rows * vectors,
  };
}

/** Scratch of a thread: the columns of a block, of which the second is also where a line's spectrum lies before it is two, the middle of a transform, and half a spectrum of a tile [z, y, kx]. */
const scratchOf = (lengths: Lengths) => {
  const line = Math.max(...lengths) * complexBytes;
  const middle = columnsPerBlock * line;
  const [x, y, z] = lengths;
  const rowBytes = halfLength(x) * complexBytes;
  return { line, middle, tile: middle + line, rowBytes, planeBytes: y * rowBytes, bytes: middle + line + z * y * rowBytes };
};
export const tileScratchBytes = (lengths: Lengths): number => scratchOf(lengths).bytes;

type VolumeFields = { readonly [K in (typeof volumeNames)[number] | 'tensor' | 'spectra']: I32 };

/** A tile of the slab: its first voxel before any margin, the first voxel of the volume of its batch item, where its row of spectra begins, and 0 where it is the missing partner of a last tile. */
function placeOfTile(f: FunctionBuilder, p: VolumeFields, item: I32, [outX, outY, outZ]: readonly number[]) {
  const row = f.i32(item.rem(p.rows));
  const tile = f.i32(p.firstTile.add(row));
  const there = f.i32(tile.lt(p.tileCount));
  const spectra = f.i32(p.spectra.add(row.shr(1).mul(p.pairBytes)).add(row.and(1).mul(p.rowBytes)));
  const x = f.i32(tile.rem(p.tilesX).mul(outX!));
  f.set(tile, tile.div(p.tilesX));
  const y = f.i32(tile.rem(p.tilesY).mul(outY!));
  f.set(tile, tile.div(p.tilesY));
  const z = f.i32(tile.rem(p.tilesZ).mul(outZ!));
  return { x, y, z, there, spectra, volume: f.i32(tile.div(p.tilesZ).mul(p.depth).mul(p.height).mul(p.width)) };
}
/** The vector of a work item, how many channels it has, and 1 where some are in the second half. */
function vectorOf(f: FunctionBuilder, p: VolumeFields, item: I32) {
  const vector = f.i32(item.div(p.rows));
  const channels = f.i32(p.channels.sub(vector.mul(vectorLanes)).min(vectorLanes));
  return { vector, channels, hasSecond: f.i32(channels.gt(4)) };
}

/** A function of (from, to, bytes from point to point of a spectrum, scratch of a transform); lines along x and y know their steps and do not read the third. */
const lineFunction = (m: ModuleBuilder, length: Lengths[number], read: (f: FunctionBuilder, from: I32, step: I32, n: number) => Complex, write: (f: FunctionBuilder, to: I32, step: I32, k: number, value: Complex) => void, toHalfBytes = 16): FunctionReference =>
  m.functionOfEight([16, toHalfBytes, 0, 0], (f, from: I32, to: I32, step: I32, middle: I32) => transformLine(f, length, middle, (n) => read(f, from, step, n), (k, value) => write(f, to, step, k, value)));
/** Both parts of four channels at four points, in a column of each kind, with channels and points exchanged: offsets in bytes of channel or point `n` and of the part, real or imaginary. */
function transposeBlock(f: FunctionBuilder, read: (n: number, part: number) => V128, write: (n: number, part: number, value: V128) => void): void {
  for (const part of [0, 1]) transpose(f, [0, 1, 2, 3].map((n) => f.v128(read(n, part)))).forEach((value, n) => write(n, part, value));
}
/** Visits the blocks of a column along z with the signs of the channels there. Changes the pointers. */
function alongBlocks(f: FunctionBuilder, lengthZ: LineLength, line: I32, blocks: I32, step: I32, signs: I32, signBytes: I32, body: (signs: I32) => void): void {
  const { alongZ } = groupsOf([lengthZ, lengthZ, lengthZ]);
  f.for(0, lengthZ / pointsAlongZ, 1, (block) => {
    body(f.i32(signs.add(isMirror(alongZ, block).mul(signBytes.shl(1)))));
    f.advance(line, pointsAlongZ * complexBytes);
    f.advance(blocks, step);
  });
}
const noStep = I32.of(0);
/** Reads a line of a tile whose vectors are so many bytes apart. */
const spaced = (bytes: number) => (f: FunctionBuilder, from: I32, _: I32, n: number): Complex => loadComplex(f, from, n * bytes);

/** Every line along y of a plane of half a spectrum, in place. */
function alongRows(f: FunctionBuilder, line: FunctionReference, plane: I32, [lengthX]: Lengths, middle: I32, hasSecond: I32): void {
  const column = f.i32(plane);
  f.times(halfLength(lengthX), () => {
    f.callHalves(line, hasSecond, [column, column, noStep, middle]);
    f.advance(column, complexBytes);
  });
}
/** Those of the channels of a vector at the blocks of some columns, which begin at a place along y. */
const signsOf = (f: FunctionBuilder, p: VolumeFields, lengths: Lengths, vector: I32, first: I32): I32 =>
  f.i32(p.signs.add(vector.mul(vectorLanes * 32)).add(isMirror(groupsOf(lengths).alongY, first.div(columnsPerBlock)).mul(p.signBytes)));
/** Visits (kx, ky) of half a spectrum, kx fastest, along y one at a time or in the order of blocks: for each where the column is in a tile, and where that of (kx, -ky). */
function forColumns(f: FunctionBuilder, [lengthX, lengthY]: Lengths, together: 1 | typeof columnsPerBlock, body: (columns: readonly { column: I32; mirrored: I32 }[], x: I32, first: I32) => void): void {
  const rowBytes = halfLength(lengthX) * complexBytes;
  f.for(0, lengthY, together, (first) =>
    f.for(0, halfLength(lengthX), 1, (x) => {
      const columns = Array.from({ length: together }, (_, n) => {
        const y = f.i32(together === 1 ? first : pointAtRunTime(lengthY, first.add(n)));
        const at = (y: I32): I32 => y.mul(rowBytes).add(x.mul(complexBytes));
        return { column: f.i32(at(y)), mirrored: at(I32.of(lengthY).sub(y).rem(lengthY)) };
      });
      body(columns, x, first);
    }),
  );
}

/**
 * Spectra of the tiles: rows [point, tile, channel], channels either one after the other as (re, im) (`scalars` not 0: a left factor, read one by one) or in vectors (re of eight, im of eight).
 * A tile is as long as the transform and reaches the kernel's radius beyond its results on either side; with `resultsOnly` not 0 it is zero there.
 */
export function spectraKernel(m: ModuleBuilder, { taps, lengths, outputs }: TilePlan, lanes: Lanes = 'channels') {
  const radius = (taps - 1) / 2;
  const [lengthX, lengthY, lengthZ] = lengths;
  const { line: lineBytes, middle: middleAt, tile: tileAt, rowBytes, planeBytes } = scratchOf(lengths);
  /** Of two rows a + i b, half the spectrum of each: with Z = A + i B, A(k) is half of Z(k) + conj Z(-k), i B(k) half of Z(k) - conj Z(-k). */
  const alongX = m.functionOfEight([16, 16, 0, 0], (f, from: I32, to: I32, _step: I32, middle: I32) => {
    transformLine(f, lengthX, middle, (n) => loadComplex(f, from, n * complexBytes), (k, value) => storeComplex(f, from, value, lineBytes + k * complexBytes));
    const half = f.constant(0.5);
    for (let k = 0; k < halfLength(lengthX); k++) {
      const [there, back] = [k, (lengthX - k) % lengthX].map((at) => loadComplex(f, from, lineBytes + at * complexBytes)).map(({ re, im }) => ({ re: f.v128(re.mul(half)), im: f.v128(im.mul(half)) })) as [Complex, Complex];
      storeComplex(f, to, { re: there.re.add(back.re), im: there.im.sub(back.im) }, k * complexBytes);
      storeComplex(f, to, { re: there.im.add(back.im), im: back.re.sub(there.re) }, rowBytes + k * complexBytes);
    }
  });
  const alongY = lineFunction(m, lengthY, spaced(rowBytes), (f, to, _, k, value) => storeComplex(f, to, value, k * rowBytes));
  const point = (f: FunctionBuilder, to: I32, step: I32, k: number): I32 => f.i32(to.add(step.mul(k)));
  const asVectors = (f: FunctionBuilder, to: I32, step: I32, k: number, value: Complex): void => storeComplex(f, point(f, to, step, k), value);
  /** Four channels after the other. */
  const asScalars = (f: FunctionBuilder, to: I32, step: I32, k: number, { re, im }: Complex): void => {
    const [at, real, imaginary] = [point(f, to, step, k), f.v128(re), f.v128(im)];
    real.halves().forEach((half, n) => [[0, 4, 1, 5], [2, 6, 3, 7]].forEach((order, pair) => f.storeAlone(at, half.shuffle(imaginary.halves()[n]!, order as [number, number, number, number]), 32 * n + 16 * pair)));
  };
  const alongZ = (write: typeof asVectors, toHalfBytes: number) => lineFunction(m, lengthZ, spaced(planeBytes), write, toHalfBytes);
  const forms = lanes === 'points' ? [alongZ((f, to, _, k, value) => storeComplex(f, to, value, placeOf(lengthZ, k) * complexBytes), 16)] : [alongZ(asVectors, 16), alongZ(asScalars, 32)];
  /** (columns of lines, first block, bytes from block to block, 1 where there are channels in the second half, signs of the channels and their bytes). */
  const toBlocks = m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, line: I32, to: I32, step: I32, hasSecond: I32, signs: I32, signBytes: I32) =>
    alongBlocks(f, lengthZ, line, to, step, signs, signBytes, (signs) => {
      const half = (first: number): void => {
        for (let column = 0; column < columnsPerBlock; column++)
          transposeBlock(
            f,
            (n, part) => loadV128(line, column * lineBytes + n * complexBytes + part * partBytes + first * 4),
            (n, part, value) => f.store(to, value.xor(loadV128(signs, (first + n) * 32 + part * 16)), (first + n) * complexBytes + part * partBytes + column * 16),
          );
      };
      half(0);
      f.if(hasSecond, () => half(4));
    }),
  );

  return m.kernel('spectra', spectraFields, (f, p, item, scratch) => {
    const place = placeOfTile(f, p, item, outputs);
    const { vector, hasSecond } = vectorOf(f, p, item);
    const [middle, tile] = [f.i32(scratch.add(middleAt)), f.i32(scratch.add(tileAt))];
    const margin = f.i32(p.resultsOnly.choose(0, radius));
    /** Part of an axis that is read, in the volume, and where the tile begins. */
    const range = (start: I32, axis: number, size: I32) => ({ begin: f.i32(start.sub(radius)), from: f.i32(start.sub(margin).max(0)), to: f.i32(start.add(outputs[axis]!).add(margin).min(size)) });
    const [inX, inY, inZ] = [range(place.x, 0, p.width), range(place.y, 1, p.height), range(place.z, 2, p.depth)];
    const within = (at: I32, { from, to }: { from: I32; to: I32 }): I32 => at.ge(from).and(at.lt(to));
    const [firstInLine, voxels] = [f.i32(scratch.add(inX.from.sub(inX.begin).mul(complexBytes))), f.i32(inX.to.sub(inX.from))];
    const firstChannel = f.i32(p.tensor.add(vector.mul(partBytes)));
    f.fillZero(scratch, lineBytes);
    f.for(0, lengthZ, 1, (z) => {
      const inPlane = f.i32(inZ.begin.add(z));
      const hasPlane = f.i32(place.there.and(within(inPlane, inZ)));
      const plane = f.i32(tile.add(z.mul(planeBytes)));
      // planes beyond the volume, or the results, are and stay zero
      f.if(
        hasPlane,
        () => {
          const row = f.i32(plane);
          f.for(0, lengthY, 2, (y) => {
            const rows = [0, 1].map((n) => f.i32(inY.begin.add(y).add(n)));
            const inside = rows.map((at) => f.i32(within(at, inY)));
            f.if(
              inside[0]!.or(inside[1]!),
              () => {
                rows.forEach((at, part) => {
                  const target = f.i32(firstInLine.add(part * partBytes));
                  const fill = (value: (half: number) => V128, next = () => {}): void =>
                    f.times(voxels, () => {
                      for (const half of [0, 16]) f.store(target, value(half), half);
                      next();
                      f.advance(target, complexBytes);
                    });
                  f.if(
                    inside[part]!,
                    () => {
                      const source = f.i32(firstChannel.add(place.volume.add(inPlane.mul(p.height).add(at).mul(p.width)).add(inX.from).mul(p.voxelBytes)));
                      fill((half) => loadV128(source, half), () => f.advance(source, p.voxelBytes));
                    },
                    () => fill(() => V128.of(0)),
                  );
                });
                f.callHalves(alongX, hasSecond, [scratch, row, noStep, middle]);
              },
              () => f.fillZero(row, 2 * rowBytes),
            );
            f.advance(row, 2 * rowBytes);
          });
          alongRows(f, alongY, plane, lengths, middle, hasSecond);
        },
        () => f.fillZero(plane, planeBytes),
      );
    });
    const target = f.i32(place.spectra.add(vector.mul(lanes === 'points' ? vectorLanes * complexBytes : complexBytes)));
    if (lanes === 'points')
      forColumns(f, lengths, columnsPerBlock, (columns, x, first) => {
        f.if(rowsAt(groupsOf(lengths), x, first.div(columnsPerBlock)).isKept, () => {
          columns.forEach(({ column }, n) => f.callHalves(forms[0]!, hasSecond, [tile.add(column), scratch.add(n * lineBytes), noStep, middle]));
          f.call(toBlocks, scratch, target, p.pointBytes, hasSecond, signsOf(f, p, lengths, vector, first), p.signBytes);
        });
        f.advance(target, p.pointBytes.mul(lengthZ / pointsAlongZ));
      });
    else
      forColumns(f, lengths, 1, ([one]) => {
        forms.forEach((line, form) => f.if(p.scalars.eq(form), () => f.callHalves(line, hasSecond, [tile.add(one!.column), target, p.pointBytes, middle])));
        f.advance(target, p.pointBytes.mul(lengthZ));
      });
  });
}

/** Tiles of spectra in vectors into the voxels of a tensor. */
export function tilesKernel(m: ModuleBuilder, { taps, lengths, outputs }: TilePlan, lanes: Lanes = 'channels') {
  const radius = (taps - 1) / 2;
  const [lengthX, , lengthZ] = lengths;
  const [outX, outY, outZ] = outputs;
  const { line: lineBytes, middle: middleAt, tile: tileAt, rowBytes, planeBytes } = scratchOf(lengths);
  const isResult = (k: number, axis: number): boolean => k >= radius && k < radius + outputs[axis];
  /** exp(+): swapped before and after; only results are kept. */
  const inverse = (axis: 0 | 1 | 2, read: (f: FunctionBuilder, from: I32, step: I32, n: number) => Complex, stepBytes: number, change = (c: Complex) => c) =>
    lineFunction(m, lengths[axis], (...at) => swapped(read(...at)), (f, to, _, k, value) => isResult(k, axis) && storeComplex(f, to, change(swapped(value)), (k - radius) * stepBytes));
  /** Two rows a + i b of half the spectrum of each: A(k) + i B(k), and at -k the conjugates' sum. */
  const alongX = inverse(0, (f, from, _, n) => {
    const [a, b] = [0, rowBytes].map((row) => loadComplex(f, from, row + Math.min(n, lengthX - n) * complexBytes)) as [Complex, Complex];
    if (n % (lengthX / 2) === 0) return { re: a.re, im: b.re };
    return n < lengthX / 2 ? { re: a.re.sub(b.im), im: a.im.add(b.re) } : { re: a.re.add(b.im), im: b.re.sub(a.im) };
  }, complexBytes);
  const alongY = inverse(1, spaced(rowBytes), rowBytes);
  const fromSpectra = lanes === 'points' ? (f: FunctionBuilder, from: I32, _: I32, n: number) => loadComplex(f, from, placeOf(lengthZ, n) * complexBytes) : (f: FunctionBuilder, from: I32, step: I32, n: number) => loadComplex(f, f.i32(from.add(step.mul(n))));
  const [plain, conjugated] = [(c: Complex) => c, conjugate].map((change) => inverse(2, fromSpectra, planeBytes, change)) as [FunctionReference, FunctionReference];
  /** (first block, columns of lines, bytes from block to block, 1 where there are channels in the second half, signs of the channels and their bytes). */
  const fromBlocks = m.function(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, from: I32, line: I32, step: I32, hasSecond: I32, signs: I32, signBytes: I32) =>
    alongBlocks(f, lengthZ, line, from, step, signs, signBytes, (signs) => {
      const half = (first: number): void => {
        for (let column = 0; column < columnsPerBlock; column++)
          transposeBlock(
            f,
            (n, part) => loadV128(from, (first + n) * complexBytes + part * partBytes + column * 16).xor(loadV128(signs, (first + n) * 32 + part * 16)),
            (n, part, value) => f.store(line, value, column * lineBytes + n * complexBytes + part * partBytes + first * 4),
          );
      };
      half(0);
      f.if(hasSecond, () => half(4));
    }),
  );

  return m.kernel('tiles', tilesFields, (f, p, item, scratch) => {
    const place = placeOfTile(f, p, item, outputs);
    const { vector, channels, hasSecond } = vectorOf(f, p, item);
    const [middle, tile] = [f.i32(scratch.add(middleAt)), f.i32(scratch.add(tileAt))];
    const source = f.i32(place.spectra.add(vector.mul(lanes === 'points' ? vectorLanes * complexBytes : complexBytes)));
    if (lanes === 'points')
      forColumns(f, lengths, columnsPerBlock, (columns, x, first) => {
        const { isKept, isImageToo } = rowsAt(groupsOf(lengths), x, first.div(columnsPerBlock));
        f.if(isKept, () => {
          f.call(fromBlocks, source, scratch, p.pointBytes, hasSecond, signsOf(f, p, lengths, vector, first), p.signBytes);
          const lines = (line: FunctionReference, kind: 'column' | 'mirrored'): void => columns.forEach((one, n) => f.callHalves(line, hasSecond, [scratch.add(n * lineBytes), tile.add(one[kind]), noStep, middle]));
          lines(plain, 'column');
          f.if(isImageToo, () => lines(conjugated, 'mirrored'));
        });
        f.advance(source, p.pointBytes.mul(lengthZ / pointsAlongZ));
      });
    else
      forColumns(f, lengths, 1, ([one]) => {
        f.callHalves(plain, hasSecond, [source, tile.add(one!.column), p.pointBytes, middle]);
        f.advance(source, p.pointBytes.mul(lengthZ));
      });
    f.for(0, outZ, 1, (z) => {
      const inPlane = f.i32(place.z.add(z));
      f.if(place.there.and(inPlane.lt(p.depth)), () => {
        alongRows(f, alongY, tile.add(z.mul(planeBytes)), lengths, middle, hasSecond);
        f.for(0, outY, 2, (y) => {
          const rows = [0, 1].map((n) => f.i32(place.y.add(y).add(n)));
          f.if(rows[0]!.lt(p.height), () => {
            f.callHalves(alongX, hasSecond, [tile.add(z.mul(planeBytes)).add(y.mul(rowBytes)), scratch, noStep, middle]);
            rows.forEach((at, part) =>
              f.if(at.lt(p.height), () => {
                const from = f.i32(scratch.add(part * partBytes));
                const voxel = place.volume.add(inPlane.mul(p.height).add(at).mul(p.width)).add(place.x);
                const to = f.i32(p.tensor.add(vector.mul(partBytes)).add(voxel.mul(p.voxelBytes)));
                const voxels = f.i32(p.width.sub(place.x).min(outX));
                const store = (write: () => void): void =>
                  f.times(voxels, () => {
                    write();
                    f.advance(to, p.voxelBytes);
                    f.advance(from, complexBytes);
                  });
                const copyVector = (half: number): void => f.store(to, loadV128(from, half), half);
                const copyLanes = (half: number): void => [0, 1, 2].forEach((c) => f.if(channels.gt(c + half / 4), () => f.store(to, loadF32(from, half + c * 4), half + c * 4)));
                f.if(
                  channels.eq(vectorLanes),
                  () => store(() => [0, 16].forEach(copyVector)),
                  () =>
                    f.if(
                      channels.ge(4),
                      () => store(() => (copyVector(0), copyLanes(16))),
                      () => store(() => copyLanes(0)),
                    ),
                );
              }),
            );
          });
        });
      });
    });
  });
}
