/** @file What a gate reads and how it scales: the part of it that is mathematics of irreps. */
import { badInput } from '../../contract/problem';
import { copies, printIrreps } from './irreps';
import type { Irreps } from './irreps';

/**
 * Factors that bring the second moment of relu(n) and sigmoid(n), n normal, to 1. These are the numbers e3nn samples (`normalize2mom`, seed 0), not the exact
 * integrals, so that its networks can be read.
 */
export const gateScale = { relu: 1.4163393446331365, sigmoid: 1.8467055342154763 } as const;

/**
 * Irreps a gate reads to give `irreps`: the scalars, one scalar gate per copy of higher degree in the order of the copies, then these copies.
 * `8x0e+4x1e+2x2e` is read from `14x0e+4x1e+2x2e`. Source: e3nn `Gate`, in SO(3).
 * @throws GyraError unless the irreps are even and sorted by degree, the one order in which input and output agree.
 */
export function gateInputIrreps(irreps: Irreps): Irreps {
  if (irreps.some(({ degree, parity }, n) => parity !== 1 || (n > 0 && degree < irreps[n - 1].degree))) {
    throw badInput(`A gate cannot give the irreps ${printIrreps(irreps)}.`, 'Give even irreps sorted by degree, such as 8x0e+4x1e+2x2e.');
  }
  const merged = new Map([[0, copies(irreps)]]);
  for (const { multiplicity, degree } of irreps) if (degree > 0) merged.set(degree, (merged.get(degree) ?? 0) + multiplicity);
  return [...merged].map(([degree, multiplicity]) => ({ multiplicity, degree, parity: 1 as const }));
}
