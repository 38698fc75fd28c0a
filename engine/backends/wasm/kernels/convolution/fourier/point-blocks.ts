/**
 * @file Blocks of points of half a spectrum, and their order: points k and -k of an axis lie at the same lane of two blocks, so that what is even or odd along y and z is made at one of up to four blocks and serves the
 * others.
 */
import { I32 } from '../../../assembler';
import { halfLength, type Lengths } from './fourier-plan';
import type { LineLength } from './fourier-transform';

/** Four neighbours along z in two neighbouring columns along y are one block. */
export const pointsAlongZ = 4;
export const columnsPerBlock = 2;
export const pointsPerBlock = pointsAlongZ * columnsPerBlock;

/** Points of an axis that have their mirror image in another block: 1 to so many. */
const mirrored = (length: LineLength): number => length / 2 - 2;
/** The point at a place of the order: 1, 2, ... with a mirror image, then these, from length - 1 down, then the four that are left: 0, and those next to and at half the length. */
export function pointAt(length: LineLength, place: number): number {
  const count = mirrored(length);
  if (place < count) return place + 1;
  if (place < 2 * count) return length - 1 - (place - count);
  return place === 2 * count ? 0 : length / 2 - 1 + (place - 2 * count - 1);
}
export const placeOf = (length: LineLength, point: number): number => Array.from({ length }, (_, place) => pointAt(length, place)).indexOf(point);
/** {@link pointAt} of a place known at run time. */
export const pointAtRunTime = (length: LineLength, place: I32): I32 => Array.from({ length }, (_, n) => pointAt(length, n)).reduce((rest, point, n) => place.eq(n).choose(point, rest), I32.of(0));

export interface GroupsAlong {
  /** The first so many groups have a second block, the mirror image of the first, as many blocks further on. */
  readonly mirrored: number;
  readonly groups: number;
  readonly blocks: number;
}
/** Groups of blocks that are mirror images of each other along y, along z or both. */
export function groupsOf([x, y, z]: Lengths) {
  const along = (length: LineLength, points: number): GroupsAlong => ({ mirrored: mirrored(length) / points, groups: (length - mirrored(length)) / points, blocks: length / points });
  const [alongY, alongZ] = [along(y, columnsPerBlock), along(z, pointsAlongZ)];
  return { alongX: halfLength(x), alongY, alongZ, count: alongY.groups * halfLength(x) * alongZ.groups };
}
/** Along an axis: the groups without a mirror image follow all that have one. */
export const firstBlock = ({ mirrored: count }: GroupsAlong, group: number): number => (group < count ? group : group + count);
/** 1 where a block is the second of its group. */
export const isMirror = ({ mirrored: count }: GroupsAlong, block: I32): I32 => block.ge(count).and(block.lt(2 * count));
/** 1 at the first and the last point of half of x, which are their own mirror images. */
export const isEndAlongX = (alongX: number, x: I32): I32 => x.eq(0).or(x.eq(alongX - 1));
/** At the ends of half of x the spectrum at (kx, -ky, -kz) is the conjugate of that at (kx, ky, kz): of two blocks that are mirror images along y the first stands for both, and the second is left out. */
export function rowsAt({ alongX, alongY: { mirrored: count } }: ReturnType<typeof groupsOf>, x: I32, block: I32) {
  const isEnd = isEndAlongX(alongX, x);
  return { isKept: isEnd.eq(0).or(block.lt(count)).or(block.ge(2 * count)), isImageToo: isEnd.and(block.lt(count)) };
}
