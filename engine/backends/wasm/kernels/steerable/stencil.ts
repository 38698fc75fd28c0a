/**
 * @file The shell harmonics of a lattice as few sums: S[shell, harmonic](v) = sum over the taps a of the shell of q(a) x(v + a).
 * The taps are cut into planes of equal y (e3nn's polar axis). A harmonic on one shell and one plane is, up to a factor, one of a few patterns over (x, z): these `maps` are summed once per plane and shared by all harmonics.
 */
import type { Lattice } from '../../../../math/so3/lattice';

/** Real harmonics as integer polynomials, in e3nn's order: Y = scale q(a) / |a|^degree with component normalisation. */
const polynomials: readonly (readonly { scale: number; of: (x: number, y: number, z: number) => number }[])[] = [
  [{ scale: 1, of: () => 1 }],
  [
    { scale: Math.sqrt(3), of: (x) => x },
    { scale: Math.sqrt(3), of: (_x, y) => y },
    { scale: Math.sqrt(3), of: (_x, _y, z) => z },
  ],
  [
    { scale: Math.sqrt(15), of: (x, _y, z) => x * z },
    { scale: Math.sqrt(15), of: (x, y) => x * y },
    { scale: Math.sqrt(5) / 2, of: (x, y, z) => 2 * y * y - x * x - z * z },
    { scale: Math.sqrt(15), of: (_x, y, z) => y * z },
    { scale: Math.sqrt(15) / 2, of: (x, _y, z) => z * z - x * x },
  ],
];
export const maximumDegree = polynomials.length - 1;
/** Factor from the integer polynomial to Y |a|^degree. */
export const polynomialScale = (degree: number, component: number): number => polynomials[degree]![component]!.scale;

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
export interface Stencil {
  readonly reach: number;
  /** Radius of each shell, rising. */
  readonly radii: readonly number[];
  readonly maps: readonly (readonly InPlaneTap[])[];
  /** [shell][degree][component]: empty where the harmonic vanishes on the shell. */
  readonly harmonics: readonly (readonly (readonly (readonly HarmonicTerm[])[])[])[];
  /** The map that is the plane itself: the self-connection's tap. */
  readonly centreMap: number;
}

export function stencilOf({ reach: [reach], taps }: Lattice): Stencil {
  const radii = [...new Set(taps.map(({ radius }) => radius))].sort((a, b) => a - b);
  const maps: InPlaneTap[][] = [];
  const known = new Map<string, number>();
  const mapOf = (pattern: InPlaneTap[]): { map: number; factor: number } => {
    const factor = pattern[0]!.coefficient;
    const unit = pattern.map((tap) => ({ ...tap, coefficient: tap.coefficient / factor }));
    const key = unit.map(({ dx, dz, coefficient }) => `${dx},${dz},${coefficient}`).join(' ');
    if (!known.has(key)) known.set(key, maps.push(unit) - 1);
    return { map: known.get(key)!, factor };
  };
  const centreMap = mapOf([{ dx: 0, dz: 0, coefficient: 1 }]).map;
  const harmonics = radii.map((radius) =>
    polynomials.map((components) =>
      components.map(({ of }) => {
        const terms: HarmonicTerm[] = [];
        for (let dy = -reach; dy <= reach; dy++) {
          const pattern = taps.filter((tap) => tap.radius === radius && tap.offset[1] === dy).map(({ offset: [dx, , dz] }) => ({ dx, dz, coefficient: of(dx, dy, dz) })).filter(({ coefficient }) => coefficient !== 0);
          if (!pattern.length) continue;
          const { map, factor } = mapOf(pattern);
          terms.push({ map, dy, coefficient: factor });
        }
        return terms;
      }),
    ),
  );
  return { reach, radii, maps, harmonics, centreMap };
}
