/** @file Where the slices of a DICOM series lie (PS3.3, section C.7.6.2): ITK lays them one on another, evenly spaced along their normal, whatever their own places say. */
import { badInput } from '../../contract/problem';

type Triple = [number, number, number];

/** In mm, in DICOM's world: left, back, up. */
export interface SlicePlace {
  readonly position: Triple;
  readonly row: Triple;
  readonly column: Triple;
}

const undefinedLength = 0xffff_ffff;
const longTypes = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/** Of one file of little-endian elements (all but two retired or deflated syntaxes); null where it does not say. */
export function slicePlace(bytes: Uint8Array): SlicePlace | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = new Map<number, string>();
  const keep = (tag: number, at: number, length: number): void => {
    if ([0x0002_0010, 0x0020_0032, 0x0020_0037].includes(tag)) texts.set(tag, Buffer.from(bytes.subarray(at, at + length)).toString('latin1').replace(/\0+$/, '').trim());
  };
  try {
    const data = walk(view, 132, false, keep, 0x0002_ffff);
    const syntax = texts.get(0x0002_0010);
    if (syntax === '1.2.840.10008.1.2.2' || syntax === '1.2.840.10008.1.2.1.99') return null;
    walk(view, data, syntax === '1.2.840.10008.1.2', keep, 0x0020_0037);
  } catch {
    return null; // lengths that lead beyond the file
  }
  const numbers = (tag: number): number[] => (texts.get(tag) ?? '').split('\\').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [position, axes] = [numbers(0x0020_0032), numbers(0x0020_0037)];
  if (position.length !== 3 || axes.length !== 6 || ![...position, ...axes].every(Number.isFinite)) return null;
  return { position: position as Triple, row: axes.slice(0, 3) as Triple, column: axes.slice(3) as Triple };
}

/** Visits elements up to a tag, or to the end of an item; what lies in sequences is passed over. Where the next one begins. */
function walk(view: DataView, from: number, isImplicit: boolean, visit: (tag: number, at: number, length: number) => void, last: number): number {
  let at = from;
  while (at + 8 <= view.byteLength) {
    const tag = view.getUint16(at, true) * 0x1_0000 + view.getUint16(at + 2, true);
    if (tag === 0xfffe_e00d) return at + 8;
    if (tag > last) return at;
    const type = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
    const isLong = !isImplicit && longTypes.has(type);
    const length = isImplicit ? view.getUint32(at + 4, true) : isLong ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    const value = at + (isLong ? 12 : 8);
    if (length !== undefinedLength) visit(tag, value, length);
    // a sequence of unknown type is written implicitly (PS3.5, section 6.2.2)
    at = length === undefinedLength ? afterSequence(view, value, isImplicit || type === 'UN') : value + length;
  }
  return at;
}

function afterSequence(view: DataView, from: number, isImplicit: boolean): number {
  for (let at = from; ; ) {
    const [number, length] = [view.getUint16(at + 2, true), view.getUint32(at + 4, true)];
    at += 8;
    if (number === 0xe0dd) return at;
    at = length === undefinedLength ? walk(view, at, isImplicit, () => undefined, Infinity) : at + length;
  }
}

/**
 * Unit vector from slice to slice of a series, which is not along their normal where a gantry was tilted; null where slices do not say where they lie.
 * @throws GyraError where slices lie in different planes, two in one place, or one is missing
 */
export function stackDirection(places: readonly (SlicePlace | null)[], name: string): Triple | null {
  const [first] = places;
  if (!first || places.length < 2 || !places.every((place) => place !== null)) return null;
  const normal = cross(first.row, first.column);
  if (places.some(({ row, column }) => dot(cross(row, column), normal) < 0.9999)) throw badInput(`${name} holds slices that lie in different planes.`, 'Give each series its own folder, without localisers.');
  const sorted = places.map(({ position }) => position).sort((a, b) => dot(a, normal) - dot(b, normal));
  const gaps = sorted.slice(1).map((position, i) => dot(minus(position, sorted[i]!), normal));
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1]!;
  const most = Math.max(...gaps);
  if (Math.min(...gaps) < 0.01 * most) throw badInput(`${name} holds two slices in one place.`, 'Give each series, echo or time point its own folder.');
  if (gaps.some((gap) => Math.abs(gap - usual) > 0.1 * usual)) throw badInput(`${name} has slices ${print(most)} mm apart, and most are ${print(usual)} mm: one is missing, or they are not evenly spaced.`, 'Export the whole series again, or make an evenly spaced volume of it, for example with dcm2niix.');
  const step = minus(sorted.at(-1)!, sorted[0]!);
  const length = Math.hypot(...step);
  return step.map((along) => along / length) as Triple;
}

const print = (value: number): number => Number(value.toPrecision(3));
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a: Triple, b: Triple): Triple => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
