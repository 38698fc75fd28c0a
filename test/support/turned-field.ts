/** @file A field of irreps under a rotation or reflection of the cube: voxels move, components turn. */
import type { RotationMatrix } from '../../engine/contract/engine-api';
import { rotateVector } from '../../engine/math/rotation';
import { copiesOf } from '../../engine/math/so3/irreps';
import type { Irreps } from '../../engine/math/so3/irreps';
import { wignerD } from '../../engine/math/so3/wigner-d';
import { zeros } from '../../engine/ops/reference/reference';
import type { NumberArray } from '../../engine/ops/reference/reference';

/** (R f)(R p) = D(R) f(p) about the centre of a volume [batch, z, y, x, channel], whose sizes turn too; R permutes the axes, with signs. An improper R is -R' with R' proper: D(R) = parity D(R'). */
export function turnedField({ shape, data }: NumberArray, irreps: Irreps, rotation: RotationMatrix): NumberArray {
  const [batch, depth, height, width, channels] = shape;
  const centre = [width, height, depth].map((size) => (size - 1) / 2);
  const turnedCentre = rotateVector(rotation, centre as [number, number, number]).map(Math.abs);
  const [turnedWidth, turnedHeight, turnedDepth] = turnedCentre.map((half) => 2 * half + 1);
  const turned = zeros([batch, turnedDepth, turnedHeight, turnedWidth, channels]);
  const [a, b, c, d, e, f, g, h, i] = rotation;
  const improper = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0;
  const matrices = new Map(irreps.map(({ degree }) => [degree, wignerD(degree, improper ? rotation.map((element) => -element) : rotation)]));
  for (let item = 0; item < batch; item++) for (let z = 0; z < depth; z++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const [tx, ty, tz] = rotateVector(rotation, [x - centre[0], y - centre[1], z - centre[2]]).map((component, axis) => component + turnedCentre[axis]);
    const from = (((item * depth + z) * height + y) * width + x) * channels;
    const to = (((item * turnedDepth + tz) * turnedHeight + ty) * turnedWidth + tx) * channels;
    for (const { start, degree, parity } of copiesOf(irreps)) {
      const size = 2 * degree + 1;
      const matrix = matrices.get(degree)!;
      const sign = improper ? parity : 1;
      for (let j = 0; j < size; j++) for (let k = 0; k < size; k++) turned.data[to + start + j] += sign * matrix[j * size + k] * data[from + start + k];
    }
  }
  return turned;
}
