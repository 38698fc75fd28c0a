/**
 * @file The rotation groups of a group CNN, and which stored kernel each of their elements uses.
 *
 * Features f(p, g) live on voxels p and group elements g; a rotation h of the group turns them to f(h^-1 p, h^-1 g). What commutes with that reads a kernel turned by g in space, k(g^-1 d) at
 * offset d, and over the group a weight of the quotient, w(g^-1 h) from element h to element g. Right angles turn a cube of taps onto itself, so nothing is interpolated.
 * Source: Cohen and Welling, arXiv:1602.07576; Knigge, Romero and Bekkers, ICML 2022 (arXiv:2110.13059), section 3; MELBA 2024:010, whose group is Klein's.
 */
import type { RotationMatrix } from '../contract/engine-api';
import type { RotationGroupName } from '../contract/model-spec';
import { compose, cubeRotations, inverseRotation, rotateVector } from './rotation';

/** Elements, identity first; `klein` is the identity and the turns by 180 degrees about x, y and z, `cube` all 24 rotations of the cube. */
export const rotationGroup = (name: RotationGroupName): readonly RotationMatrix[] => {
  const all = cubeRotations.map(({ matrix }) => matrix);
  return name === 'cube' ? all : all.filter((matrix) => matrix.every((entry, i) => i % 4 === 0 || entry === 0));
};

/** For each element g and h, row-major, the number of g^-1 h. */
export function quotients(group: readonly RotationMatrix[]): readonly number[] {
  const numbers = new Map(group.map((matrix, number) => [String(matrix), number]));
  // "+ 0" turns -0 into 0
  return group.flatMap((g) => group.map((h) => numbers.get(String(compose(inverseRotation(g), h).map((entry) => entry + 0)))!));
}

/** For each tap (z, y, x) of a cube and each element g, row-major, the tap at g^-1 d: the one that kernel turned by g has at offset d. */
export function turnedTaps(group: readonly RotationMatrix[], kernelSize: number): readonly number[] {
  const radius = (kernelSize - 1) / 2;
  const axis = Array.from({ length: kernelSize }, (_, i) => i - radius);
  return axis.flatMap((z) =>
    axis.flatMap((y) =>
      axis.flatMap((x) =>
        group.map((g) => {
          const [fromX, fromY, fromZ] = rotateVector(inverseRotation(g), [x, y, z]).map((component) => component + radius);
          return (fromZ * kernelSize + fromY) * kernelSize + fromX;
        }),
      ),
    ),
  );
}
