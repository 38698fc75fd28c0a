/** @file Irreps of SO(3) and O(3) as values: `8x0e+4x1e+2x2e` (e3nn's notation). */
import { badInput } from '../../contract/problem';

export interface IrrepEntry {
  /** Number of copies. */
  readonly multiplicity: number;
  readonly degree: number;
  /** +1 even, -1 odd. */
  readonly parity: 1 | -1;
}
/** Entries in channel order: channel = start of entry + copy (2 degree + 1) + component. Not merged. */
export type Irreps = readonly IrrepEntry[];

/** Parses e3nn's notation; a multiplicity of one may be left out. Throws a GyraError that says where the text broke. */
export function parseIrreps(text: string): Irreps {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  return trimmed.split('+').map((part) => {
    const match = /^\s*(?:(\d+)\s*x\s*)?(\d+)([eo])\s*$/.exec(part);
    if (!match) throw badInput(`"${part.trim()}" in the irreps "${text}" is not a multiplicity, a degree and a parity.`, 'Write irreps as 8x0e+4x1e+2x2e: multiplicity, x, degree, e for even or o for odd.');
    return { multiplicity: Number(match[1] ?? 1), degree: Number(match[2]), parity: match[3] === 'e' ? 1 : -1 };
  });
}

export const printIrreps = (irreps: Irreps): string => irreps.map(({ multiplicity, degree, parity }) => `${multiplicity}x${degree}${parity === 1 ? 'e' : 'o'}`).join('+');

/** Irreps of the spherical harmonics up to a degree, one copy each. `parity` is that of degree 1: +1 in SO(3) (all even), -1 in O(3) (odd degrees odd). Source: e3nn `Irreps.spherical_harmonics`. */
export const harmonicIrreps = (maximumDegree: number, parity: 1 | -1 = 1): Irreps =>
  Array.from({ length: maximumDegree + 1 }, (_, degree) => ({ multiplicity: 1, degree, parity: degree % 2 === 1 ? parity : 1 }));

/** Channels a field of these irreps has. */
export const dimension = (irreps: Irreps): number => irreps.reduce((sum, { multiplicity, degree }) => sum + multiplicity * (2 * degree + 1), 0);

/** Copies in all: what gets one norm weight each. */
export const copies = (irreps: Irreps): number => irreps.reduce((sum, { multiplicity }) => sum + multiplicity, 0);

/** Copies that are true scalars (0e): what gets a bias. */
export const scalarCopies = (irreps: Irreps): number => copies(irreps.filter(({ degree, parity }) => degree === 0 && parity === 1));

/** First channel of each entry. */
export const channelStarts = (irreps: Irreps): readonly number[] => irreps.map((_, entry) => dimension(irreps.slice(0, entry)));

/** One copy of an irrep: channels `start` to `start + 2 degree`. */
export interface IrrepCopy {
  readonly start: number;
  readonly degree: number;
  readonly parity: 1 | -1;
}
/** Every copy in channel order. */
export function copiesOf(irreps: Irreps): readonly IrrepCopy[] {
  const starts = channelStarts(irreps);
  return irreps.flatMap(({ multiplicity, degree, parity }, entry) => Array.from({ length: multiplicity }, (_, copy) => ({ start: starts[entry] + copy * (2 * degree + 1), degree, parity })));
}
