/**
 * @file A head as smooth bodies in mm: x to the right, y to the front, z upwards, the origin in the middle of the brain. No atlas: places and sizes are round numbers
 * of an adult brain, the deep structures a third larger, so that coarse voxels still hold them. Later bodies cover earlier ones.
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
  const [rx, ry, rz] = size(67, 81, 75);
  const scalp = 3.5 * factor(0.2);
  const fluid = 2.5 * factor(0.25);
  const skull = fluid + 5 * factor(0.15);
  const under = ellipsoid([0, 0, 0], [rx - scalp, ry - scalp, rz - scalp]);
  const grown = (by: number): Solid => carved(union([hemispheres, cerebellum], 6), () => -by, by);
  return [
    { tissue: 'muscle', solid: union([ellipsoid(place(0, 42, -42), size(42, 34, 34)), ellipsoid(place(0, -26, -54), size(38, 36, 26))], 12) },
    { tissue: 'skin', solid: union([ellipsoid([0, 0, 0], [rx, ry, rz]), ellipsoid(place(0, 77, -26), size(9, 9, 14))], 6) },
    { tissue: 'muscle', solid: under },
    { tissue: 'skull', solid: intersection(grown(skull), under.distance) },
    { tissue: 'fluid', solid: grown(fluid) },
    ...sides.map((side): Body => ({ tissue: 'eye', solid: ellipsoid(place(side * 29, 62, -32), [11, 11, 11]) })),
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
    const lobes = union([ellipsoid(place(side * 24, -2, 9), size(34, 69, 54), tilt()), ellipsoid(place(side * 41, 8, -24), size(18, 36, 18), tilt())], 14);
    const fissure = 1.2 * factor(0.2);
    return { ...lobes, distance: remembered((x, y, z) => Math.max(lobes.distance(x, y, z), fissure - side * x)) };
  });
  const pial = hemispheres.map((one) => carved(one, (x, y, z) => 11 * Math.max(0, folds(x, y, z) - 0.35)));
  const inner = hemispheres.map((one) => carved(one, (x, y, z) => Math.max(3.2, 7 + 9 * folds(x, y, z))));
  const folia = waves(random, 3, [70, 120]);
  const cerebellarSide = sides.map((side) => ellipsoid(place(side * 22, -41, -41), size(27, 26, 20), tilt()));
  const cerebellum = remember(union([...cerebellarSide, ellipsoid(place(0, -40, -39), size(13, 23, 20))], 8));
  const w = 1.2 * factor(0.22);
  const [stemX, stemY] = place(0, 0, 0);
  const stem = tube([[stemX, stemY - 14, -8, 12 * factor(0.05)], [stemX, stemY - 13, -29, 14.5 * factor(0.06)], [stemX, stemY - 18, -46, 10 * factor(0.06)], [0, -24, -66, 8]]);
  const bodies: Body[] = [
    ...pial.map((solid): Body => ({ tissue: 'cortex', solid })),
    ...inner.map((solid): Body => ({ tissue: 'white', solid })),
    // corpus callosum, then what lies between the hemispheres
    { tissue: 'white', solid: tube([[0, 30, 6, 5], [0, 28, 20, 5], [0, 0, 27, 4.5], [0, -26, 22, 5], [0, -34, 12, 6]]) },
    { tissue: 'white', solid: ellipsoid([0, -10, 0], [15, 22, 13]) },
    { tissue: 'stem', solid: stem },
    { tissue: 'cerebellum', solid: cerebellum },
    { tissue: 'cerebellarWhite', solid: carved(cerebellum, (x, y, z) => 6.5 + 6 * Math.sin((z + 0.35 * (y + 41) + 5 * folia(x, y, z)) * ((2 * Math.PI) / 12))) },
    // third ventricle
    { tissue: 'fluid', solid: ellipsoid([0, -8, -2], [2.6 * w, 15, 10]) },
  ];
  for (const side of sides) {
    const at = (x: number, y: number, z: number, radius: number): readonly [number, number, number, number] => [...place(side * x, y, z), radius * factor(0.06)];
    bodies.push(
      { tissue: 'thalamus', solid: ellipsoid(place(side * 11, -16, 3), size(8, 15, 9), tilt()) },
      { tissue: 'amygdala', solid: ellipsoid(place(side * 25, 13, -24), size(7, 7, 7), tilt()) },
      { tissue: 'putamen', solid: ellipsoid(place(side * 33, 5, -1), size(7.5, 21, 14), rotationAbout([0, 0, 1], side * 10)) },
      { tissue: 'pallidum', solid: ellipsoid(place(side * 22, 1, -2), size(7, 13, 9.5), rotationAbout([0, 0, 1], side * 16)) },
      { tissue: 'ventricle', solid: tube([at(7, 36, 6, 4 * w), at(9, 26, 12, 6 * w), at(11, 2, 18, 5.5 * w), at(15, -22, 16, 5.5 * w), at(25, -42, 7, 8 * w), at(34, -30, -8, 4.5 * w), at(35, -8, -17, 3.2 * w)]) },
      { tissue: 'caudate', solid: tube([at(15, 30, -2, 7), at(17, 25, 8, 9.5), at(21, 8, 19, 6.5), at(23, -12, 20, 5), at(29, -30, 14, 3.5)]) },
      { tissue: 'hippocampus', solid: tube([at(19, -36, 2, 5), at(25, -30, -8, 6.2), at(28, -16, -18, 7.4), at(27, -2, -23, 8.6)]) },
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
