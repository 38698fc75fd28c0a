/**
 * @file A head as smooth bodies in mm: x to the right, y to the front, z upwards, the origin in the middle of the brain. No atlas: places and sizes are round numbers
 * of an adult brain, the deep structures half as large again, so that coarse voxels still hold them. Later bodies cover earlier ones.
 */
import type { Random } from '../../math/random';
import { rotationAbout, type Vector3 } from '../../math/rotation';
import { carved, ellipsoid, intersection, remember, remembered, tube, union, type Solid } from './solids';
import type { TissueName } from './tissues';
import { direction, waves } from './waves';

export interface Body {
  readonly tissue: TissueName;
  readonly solid: Solid;
}

/** How one head differs from another, body by body. */
interface Variation {
  /** A place moved by about a millimetre. */
  place(...at: Vector3): Vector3;
  /** Sizes changed by some percent. */
  size(...radii: Vector3): Vector3;
  /** Factor about 1 with this standard deviation of its logarithm. */
  factor(deviation: number): number;
  tilt(): ReturnType<typeof rotationAbout>;
}

/** What is around the brain: skin, muscle, skull, fluid, eyes, jaw and nose. */
export function headCover(random: Random, { hemispheres, cerebellum }: Brain): Body[] {
  const { place, size, factor } = variation(random);
  const [rx, ry, rz] = size(65, 75, 71);
  const scalp = 3.5 * factor(0.2);
  const fluid = 2.5 * factor(0.25);
  const skull = fluid + 5 * factor(0.15);
  const under = ellipsoid([0, 0, 0], [rx - scalp, ry - scalp, rz - scalp]);
  const grown = (by: number): Solid => carved(union([hemispheres, cerebellum], 6), () => -by, by);
  return [
    { tissue: 'muscle', solid: union([ellipsoid(place(0, 38, -40), size(40, 32, 32)), ellipsoid(place(0, -24, -50), size(36, 34, 25))], 12) },
    { tissue: 'skin', solid: union([ellipsoid([0, 0, 0], [rx, ry, rz]), ellipsoid(place(0, 71, -26), size(9, 9, 14))], 6) },
    { tissue: 'muscle', solid: under },
    { tissue: 'skull', solid: intersection(grown(skull), under.distance) },
    { tissue: 'fluid', solid: grown(fluid) },
    ...sides.map((side): Body => ({ tissue: 'eye', solid: ellipsoid(place(side * 28, 57, -32), [10, 10, 10]) })),
  ];
}

interface Brain {
  readonly bodies: readonly Body[];
  /** Their surfaces without folds. */
  readonly hemispheres: Solid;
  readonly cerebellum: Solid;
}

/** Hemispheres, cerebellum, brain stem and everything inside them. */
export function brain(random: Random): Brain {
  const { place, size, factor, tilt } = variation(random);
  const folds = remembered(waves(random, 7, [15, 24]));
  const hemispheres = sides.map((side) => {
    const lobes = union([ellipsoid(place(side * 24, -1, 8), size(33, 64, 51), tilt()), ellipsoid(place(side * 39, 6, -24), size(18, 38, 19), tilt())], 14);
    const fissure = 1.2 * factor(0.2);
    return { ...lobes, distance: remembered((x, y, z) => Math.max(lobes.distance(x, y, z), fissure - side * x)) };
  });
  const pial = hemispheres.map((one) => carved(one, (x, y, z) => 11 * Math.max(0, folds(x, y, z) - 0.35)));
  const inner = hemispheres.map((one) => carved(one, (x, y, z) => Math.max(3.2, 7 + 9 * folds(x, y, z))));
  const folia = waves(random, 3, [70, 120]);
  const cerebellarSide = sides.map((side) => ellipsoid(place(side * 22, -38, -40), size(28, 26, 21), tilt()));
  const cerebellum = remember(union([...cerebellarSide, ellipsoid(place(0, -37, -38), size(13, 23, 21))], 8));
  const w = 1.1 * factor(0.2);
  const [stemX, stemY] = place(0, 0, 0);
  const stem = tube([[stemX, stemY - 14, -8, 12 * factor(0.05)], [stemX, stemY - 13, -29, 14.5 * factor(0.06)], [stemX, stemY - 18, -46, 10 * factor(0.06)], [0, -24, -66, 8]]);
  const bodies: Body[] = [
    ...pial.map((solid): Body => ({ tissue: 'cortex', solid })),
    ...inner.map((solid): Body => ({ tissue: 'white', solid })),
    // corpus callosum, then what lies between the hemispheres
    { tissue: 'white', solid: tube([[0, 33, 6, 5], [0, 31, 22, 5], [0, 0, 30, 4.5], [0, -28, 24, 5], [0, -36, 13, 6]]) },
    { tissue: 'white', solid: ellipsoid([0, -10, 0], [15, 22, 13]) },
    { tissue: 'stem', solid: stem },
    { tissue: 'cerebellum', solid: cerebellum },
    { tissue: 'cerebellarWhite', solid: carved(cerebellum, (x, y, z) => 6.5 + 6 * Math.sin((z + 0.35 * (y + 38) + 5 * folia(x, y, z)) * ((2 * Math.PI) / 12))) },
    // third ventricle
    { tissue: 'fluid', solid: ellipsoid([0, -8, -2], [2.6 * w, 15, 10]) },
  ];
  for (const side of sides) {
    const at = (x: number, y: number, z: number, radius: number): readonly [number, number, number, number] => [...place(side * x, y, z), radius * factor(0.06)];
    bodies.push(
      { tissue: 'thalamus', solid: ellipsoid(place(side * 12, -18, 3), size(9, 16, 10), tilt()) },
      { tissue: 'amygdala', solid: ellipsoid(place(side * 26, 16, -27), size(7, 7, 7), tilt()) },
      { tissue: 'putamen', solid: ellipsoid(place(side * 38, 5, -1), size(8.5, 24, 16), rotationAbout([0, 0, 1], side * 8)) },
      { tissue: 'pallidum', solid: ellipsoid(place(side * 24, 1, -2), size(7.5, 15, 11), rotationAbout([0, 0, 1], side * 14)) },
      { tissue: 'ventricle', solid: tube([at(8, 38, 7, 5 * w), at(10, 28, 14, 7 * w), at(12, 2, 21, 6.5 * w), at(17, -25, 18, 6.5 * w), at(28, -44, 8, 9 * w), at(38, -32, -9, 5 * w), at(40, -9, -19, 4 * w)]) },
      { tissue: 'caudate', solid: tube([at(17, 34, -2, 8), at(20, 28, 10, 10.5), at(25, 9, 23, 7.5), at(27, -14, 23, 6), at(33, -32, 16, 4.5)]) },
      { tissue: 'hippocampus', solid: tube([at(21, -40, 2, 6), at(28, -33, -9, 7.4), at(31, -18, -20, 8.6), at(30, -2, -26, 9.6)]) },
    );
  }
  return { bodies, hemispheres: remember(union(hemispheres, 1)), cerebellum };
}

const sides = [-1, 1] as const;

function variation(random: Random): Variation {
  const factor = (deviation: number): number => Math.exp(deviation * random.normal());
  return {
    factor,
    place: (x, y, z) => [x + 1.1 * random.normal(), y + 1.1 * random.normal(), z + 1.1 * random.normal()],
    size: (x, y, z) => [x * factor(0.035), y * factor(0.035), z * factor(0.035)],
    tilt: () => rotationAbout(direction(random), 4 * random.normal()),
  };
}
