/** @file The paths of a steerable convolution: which input entry reaches which output entry through which harmonic, and where its weights are. */
import { badInput } from '../../contract/problem';
import { couples } from './clebsch-gordan';
import { printIrreps } from './irreps';
import type { Irreps } from './irreps';
import { liveFunctions } from './lattice';
import type { Lattice } from './lattice';

/** One coupling of an input entry, a harmonic and an output entry. Its weights are [multiplicityIn, multiplicityOut], row-major, from `offset` on. */
export interface SteerablePath {
  /** Entry of irrepsIn. */
  readonly entryIn: number;
  /** Degree of the harmonic of the kernel. */
  readonly degree: number;
  /** Entry of irrepsOut. */
  readonly entryOut: number;
  /** First column in a row of the weight; in all for a self-connection. */
  readonly offset: number;
  readonly multiplicityIn: number;
  readonly multiplicityOut: number;
  /** sqrt((2 degreeOut + 1) / F) for a convolution, sqrt(1 / F) for a self-connection; F is the number of input copies over all paths into the output entry. */
  readonly coefficient: number;
}

/**
 * Paths of a convolution in e3nn's order (`FullyConnectedTensorProduct`): input entry, harmonic, output entry, where the degrees couple and the parities multiply.
 * Entries are not merged: those of a concatenation keep separate paths.
 * @param harmonics One copy of each degree: `1x0e+1x1e+1x2e` in SO(3), `1x0e+1x1o+1x2e` in O(3).
 * @throws GyraError for harmonics of several copies.
 */
export function pathsOf(irrepsIn: Irreps, irrepsOut: Irreps, harmonics: Irreps): readonly SteerablePath[] {
  if (harmonics.some(({ multiplicity }) => multiplicity !== 1) || new Set(harmonics.map(({ degree }) => degree)).size < harmonics.length) {
    throw badInput(`A kernel cannot have the harmonics ${printIrreps(harmonics)}.`, 'Give one copy of each degree, as 1x0e+1x1e+1x2e.');
  }
  return laidOut(irrepsIn, irrepsOut, harmonics, (degreeOut) => 2 * degreeOut + 1);
}

/** Paths of the self-connection, in the order of e3nn's `Linear`: each input entry to each output entry of equal irrep. */
export const selfPathsOf = (irrepsIn: Irreps, irrepsOut: Irreps): readonly SteerablePath[] => laidOut(irrepsIn, irrepsOut, [{ multiplicity: 1, degree: 0, parity: 1 }], () => 1);

/** Weights in one row: the second size of a convolution's weight, or the length of a self-connection's. */
export const weightsOf = (paths: readonly SteerablePath[]): number => paths.reduce((sum, path) => sum + path.multiplicityIn * path.multiplicityOut, 0);

/** Weights of a convolution that can change its kernel: those of radial functions that live on the lattice, of `functions` times {@link weightsOf} stored. */
export const liveWeightsOf = (paths: readonly SteerablePath[], lattice: Lattice): number =>
  paths.reduce((sum, { degree, multiplicityIn, multiplicityOut }) => sum + multiplicityIn * multiplicityOut * liveFunctions(lattice, degree), 0);

function laidOut(irrepsIn: Irreps, irrepsOut: Irreps, harmonics: Irreps, variance: (degreeOut: number) => number): readonly SteerablePath[] {
  const found = irrepsIn.flatMap((input, entryIn) =>
    harmonics.flatMap(({ degree, parity }) =>
      irrepsOut.flatMap((output, entryOut) =>
        input.parity * parity === output.parity && couples(input.degree, degree, output.degree) ? [{ entryIn, degree, entryOut, multiplicityIn: input.multiplicity, multiplicityOut: output.multiplicity }] : [],
      ),
    ),
  );
  let offset = 0;
  return found.map((path) => {
    const fan = found.reduce((sum, other) => sum + (other.entryOut === path.entryOut ? other.multiplicityIn : 0), 0);
    const placed = { ...path, offset, coefficient: Math.sqrt(variance(irrepsOut[path.entryOut].degree) / fan) };
    offset += path.multiplicityIn * path.multiplicityOut;
    return placed;
  });
}
