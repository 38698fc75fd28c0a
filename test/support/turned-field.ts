/** @file A field of irreps under a rotation of the cube: voxels move, components turn. */
import type { RotationMatrix } from '../../engine/contract/engine-api';
import { rotateVector } from '../../engine/math/rotation';
import { copiesOf } from '../../engine/math/so3/irreps';
import type { Irreps } from '../../engine/math/so3/irreps';
import { wignerD } from '../../engine/math/so3/wigner-d';
import { zeros } from '../../engine/ops/reference/reference';
import type { NumberArray } from '../../engine/ops/reference/reference';

/** (R f)(R p) = D(R) f(p) about the centre of a cube [batch, n, n, n, channel]; R permutes the axes, with signs. */
export function turnedField({ shape, data }: NumberArray, irreps: Irreps, rotation: RotationMatrix): NumberArray {
  const [batch, n, , , channels] = shape;
  const turned = zeros(shape);
  const centre = (n - 1) / 2;
  const matrices = new Map(irreps.map(({ degree }) => [degree, wignerD(degree, rotation)]));
  for (let b = 0; b < batch; b++) for (let z = 0; z < n; z++) for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) {
    const [tx, ty, tz] = rotateVector(rotation, [x - centre, y - centre, z - centre]).map((component) => component + centre);
    const from = (((b * n + z) * n + y) * n + x) * channels;
    const to = (((b * n + tz) * n + ty) * n + tx) * channels;
    for (const { start, degree } of copiesOf(irreps)) {
      const size = 2 * degree + 1;
      const d = matrices.get(degree)!;
      for (let i = 0; i < size; i++) for (let k = 0; k < size; k++) turned.data[to + start + i] += d[i * size + k] * data[from + start + k];
    }
  }
  return turned;
}
