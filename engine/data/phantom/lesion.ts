/** @file A tumour in one hemisphere: oedema around a core whose rim takes up contrast agent. */
import type { Random } from '../../math/random';
import type { Vector3 } from '../../math/rotation';
import type { Body } from './anatomy';
import { carved, ellipsoid, intersection, remember, union, type Solid } from './solids';
import { direction, waves } from './waves';

/** The oedema, which deep structures cover, and the core, which covers everything. */
export function lesion(random: Random, hemispheres: Solid): { readonly oedema: Body; readonly core: readonly Body[] } {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  const side = random.uniform() < 0.5 ? -1 : 1;
  const centre: Vector3 = [side * between(24, 34), between(-38, 38), between(0, 30)];
  const radius = between(11, 18);
  const balls = Array.from({ length: 3 }, (_, i) => {
    const [x, y, z] = direction(random);
    const offset = i === 0 ? 0 : radius * between(0.4, 0.8);
    const size = radius * (i === 0 ? 1 : between(0.5, 0.9));
    return ellipsoid([centre[0] + offset * x, centre[1] + offset * y, centre[2] + offset * z], [size * between(0.85, 1.15), size * between(0.85, 1.15), size * between(0.85, 1.15)]);
  });
  const bumps = waves(random, 5, [14, 30]);
  const fingers = waves(random, 6, [18, 40]);
  const holes = waves(random, 4, [12, 24]);
  const inside = (solid: Solid, depth: number): Solid => intersection(solid, (x, y, z) => hemispheres.distance(x, y, z) + depth);
  const core = remember(carved(union(balls, 6), (x, y, z) => 2 * bumps(x, y, z), 2 * bumps.largest));
  const reach = between(6, 11);
  const rim = between(4, 6);
  return {
    oedema: { tissue: 'oedema', solid: inside(carved(core, (x, y, z) => -reach - 8 * fingers(x, y, z), reach + 8 * fingers.largest), 5) },
    core: [
      { tissue: 'enhancing', solid: inside(core, 1.5) },
      { tissue: 'necrosis', solid: inside(carved(core, (x, y, z) => rim + 2.5 * holes(x, y, z)), 4) },
    ],
  };
}
