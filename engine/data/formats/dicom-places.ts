/** @file Where the slices of a DICOM series lie (PS3.3, section C.7.6.2): ITK lays them one on another, evenly spaced along their normal, whatever their own places say. */
import dicomParser from 'dicom-parser';
import { badInput } from '../../contract/problem';

const { parseDicom } = dicomParser;
const [positionTag, orientationTag] = ['x00200032', 'x00200037'];

type Triple = [number, number, number];

/** In mm, in DICOM's world: left, back, up. */
export interface SlicePlace {
  readonly position: Triple;
  readonly row: Triple;
  readonly column: Triple;
}

/** Of one file; null where it does not say. */
export function slicePlace(bytes: Uint8Array): SlicePlace | null {
  try {
    const elements = parseDicom(bytes, { untilTag: orientationTag });
    const numbers = (tag: string, count: number): number[] => Array.from({ length: count }, (_, i) => elements.floatString(tag, i) ?? NaN);
    const [position, axes] = [numbers(positionTag, 3), numbers(orientationTag, 6)];
    return [...position, ...axes].every(Number.isFinite) ? { position: position as Triple, row: axes.slice(0, 3) as Triple, column: axes.slice(3) as Triple } : null;
  } catch {
    return null; // lengths that lead beyond the file: ITK has read it, or says so
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
  if (Math.min(...gaps) <= 0.01 * most) throw badInput(`${name} holds two slices in one place.`, 'Give each series, echo or time point its own folder.');
  if (gaps.some((gap) => Math.abs(gap - usual) > 0.1 * usual)) throw badInput(`${name} has slices ${print(most)} mm apart, and most are ${print(usual)} mm: one is missing, or they are not evenly spaced.`, 'Export the whole series again, or make an evenly spaced volume of it, for example with dcm2niix.');
  const step = minus(sorted.at(-1)!, sorted[0]!);
  const length = Math.hypot(...step);
  return step.map((along) => along / length) as Triple;
}

const print = (value: number): number => Number(value.toPrecision(3));
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const minus = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a: Triple, b: Triple): Triple => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
