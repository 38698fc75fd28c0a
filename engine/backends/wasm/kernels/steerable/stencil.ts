/**
 * @file The shell harmonics of a lattice as few sums: S[shell, harmonic](v) = sum over the taps a of the shell of q(a) x(v + a).
 * The taps are cut into planes of equal y (e3nn's polar axis). A harmonic on one shell and one plane is, up to a factor, one of a few patterns over (x, z): these `maps` are summed once per plane and shared by all harmonics.
 */
import type { Lattice } from '../../../../math/so3/lattice';
import { polynomials } from './harmonic-polynomials';
import { reduceRadialBasis } from './radial-streams';

export interface InPlaneTap {
  readonly dx: number;
  readonly dz: number;
  readonly coefficient: number;
}
export interface HarmonicTerm {
  readonly map: number;
  readonly dy: number;
  readonly coefficient: number;
}
/** Harmonics of one degree summed over shells, with the factors of the shells. */
export interface RadialStream {
  readonly shells: readonly { readonly shell: number; readonly coefficient: number }[];
  /** Weight of the stream = sum over radial functions of value times weight of the function. */
  readonly functions: readonly { readonly row: number; readonly value: number }[];
}
export interface Stencil {
  readonly reach: readonly [x: number, y: number, z: number];
  readonly maps: readonly (readonly InPlaneTap[])[];
  /** [shell][degree][component]: empty where the harmonic vanishes on the shell. */
  readonly harmonics: readonly (readonly (readonly (readonly HarmonicTerm[])[])[])[];
  /** By degree. */
  readonly radial: readonly (readonly RadialStream[])[];
  /** The map that is the plane itself: the self-connection's tap. */
  readonly centreMap: number;
}

export function stencilOf({ reach, taps }: Lattice, degrees: readonly number[]): Stencil {
  const shells = shellsOf(taps);
  const maps: InPlaneTap[][] = [];
  const known = new Map<string, number>();
  const mapOf = (pattern: InPlaneTap[]): { map: number; factor: number } => {
    const factor = mostCommonMagnitude(pattern.map(({ coefficient }) => coefficient)) * Math.sign(pattern[0]!.coefficient);
    const unit = pattern.map((tap) => ({ ...tap, coefficient: snap(tap.coefficient / factor) }));
    const key = unit.map(({ dx, dz, coefficient }) => `${dx},${dz},${coefficient.toPrecision(9)}`).join(' ');
    if (!known.has(key)) known.set(key, maps.push(unit) - 1);
    return { map: known.get(key)!, factor: snap(factor) };
  };
  const centreMap = mapOf([{ dx: 0, dz: 0, coefficient: 1 }]).map;
  const harmonics = shells.map((shell) => {
    const size = Math.max(...shell.flatMap(({ point }) => point.map(Math.abs)));
    return polynomials.map((components, degree) =>
      components.map(({ of }) => {
        if (!degrees.includes(degree)) return [];
        const terms: HarmonicTerm[] = [];
        for (let dy = -reach[1]; dy <= reach[1]; dy++) {
          const pattern = shell.filter(({ offset }) => offset[1] === dy).map(({ offset, point }) => ({ dx: offset[0], dz: offset[2], coefficient: of(...point) })).filter(({ coefficient }) => Math.abs(coefficient) > 1e-12 * size ** degree);
          if (!pattern.length) continue;
          const { map, factor } = mapOf(pattern);
          terms.push({ map, dy, coefficient: factor });
        }
        return terms;
      }),
    );
  });
  const radial = polynomials.map((_, degree) => (degrees.includes(degree) ? radialStreams(shells.map(([tap]) => tap!), degree) : []));
  return { reach, maps, harmonics, radial, centreMap };
}

type Tap = Lattice['taps'][number];

/** Taps of equal radius, from the centre outwards; radii of equal points differ by rounding where steps are not whole. */
export function shellsOf(taps: readonly Tap[]): readonly (readonly Tap[])[] {
  const shells: Tap[][] = [];
  for (const tap of [...taps].sort((a, b) => a.radius - b.radius)) {
    const last = shells.at(-1);
    if (last && tap.radius - last[0]!.radius < 1e-9 * tap.radius) last.push(tap);
    else shells.push([tap]);
  }
  return shells;
}

/** Streams of a degree, one for each dimension its radial functions span where the degree does not vanish: not at the centre, unless it is 0. Polynomials grow with radius^degree, which is taken off. */
function radialStreams(shells: readonly Tap[], degree: number): RadialStream[] {
  const met = shells.map((tap, shell) => ({ ...tap, shell })).filter(({ radius }) => radius > 0 || degree === 0);
  const { pivots, interpolation } = reduceRadialBasis(met[0]?.basis.map((_, b) => met.map(({ basis }) => basis[b]!)) ?? []);
  return pivots.map((pivot, n) => {
    const { radius, basis } = met[pivot]!;
    return {
      shells: met.flatMap((one, s) => (interpolation[n]![s] === 0 ? [] : [{ shell: one.shell, coefficient: interpolation[n]![s]! * (radius > 0 ? radius / one.radius : 1) ** degree }])),
      functions: basis.flatMap((value, row) => (value === 0 ? [] : [{ row, value: value * (radius > 0 ? radius ** -degree : 1) }])),
    };
  });
}

export function mostCommonMagnitude(values: Iterable<number>): number {
  const counts = new Map<string, { count: number; value: number }>();
  for (const value of values) {
    if (Math.abs(value) < 1e-12) continue;
    const key = Math.abs(value).toPrecision(9);
    counts.set(key, { count: (counts.get(key)?.count ?? 0) + 1, value: Math.abs(value) });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || b.value - a.value)[0]!.value;
}
/** Rounding noise taken off values meant to be whole. */
export function snap(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-12 ? whole : value;
}
