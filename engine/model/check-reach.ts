/** @file Whether what a steerable network is given reaches all that it gives: otherwise some of its output is zero for every image, whatever its weights. */
import { badInput } from '../contract/problem';
import { printIrreps, type Irreps } from '../math/so3/irreps';
import { liveFunctions, type Lattice } from '../math/so3/lattice';
import { pathsOf, selfPathsOf } from '../math/so3/steerable-paths';
import type { SteerableLayout } from './steerable-layout';

/** @throws GyraError naming the irreps of the output that no chain of layers leads to. Gates create no irreps, and norms shift all voxels alike. */
export function checkReach({ levels, blocks, output }: SteerableLayout, lattices: readonly Lattice[], harmonics: Irreps): void {
  const poolings = levels.length - 1;
  const after: Irreps[] = [];
  blocks.forEach(({ level, irrepsIn, irreps }, n) => {
    const met = harmonics.filter(({ degree }) => liveFunctions(lattices[levels.indexOf(level)]!, degree) > 0);
    const reachedFrom = (from: Irreps): Irreps => irreps.filter((entry) => pathsOf(from, [entry], met).length > 0);
    const above = n <= poolings ? [] : after[2 * poolings - n]!;
    after.push(reachedFrom(reachedFrom(n === 0 ? irrepsIn : [...after[n - 1]!, ...above])));
  });
  const lost = output.find((entry) => selfPathsOf(after.at(-1)!, [entry]).length === 0);
  if (lost) throw badInput(`Nothing in this network leads from its input, ${printIrreps(blocks[0]!.irrepsIn)}, to ${printIrreps([lost])} of its output: that would be zero for every image.`, 'Add irreps in between, raise maximumDegree, or leave this one out of the output.');
}
