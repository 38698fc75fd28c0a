/** @file The paths of a steerable convolution: which input entry reaches which output entry through which harmonic, and where its weights are. */
import { couples } from './clebsch-gordan';
import type { Irreps } from './irreps';

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
 * Paths of a convolution with harmonics 0e to `maximumDegree`e, in e3nn's order (`FullyConnectedTensorProduct`): input entry, harmonic, output entry.
 * Entries are not merged: those of a concatenation keep separate paths.
 */
export function pathsOf(irrepsIn: Irreps, irrepsOut: Irreps, maximumDegree = 2): readonly SteerablePath[] {
  const harmonics = Array.from({ length: maximumDegree + 1 }, (_, degree) => degree);
  return laidOut(irrepsIn, irrepsOut, harmonics, (degreeOut) => 2 * degreeOut + 1);
}

/** Paths of the self-connection, in the order of e3nn's `Linear`: each input entry to each output entry of equal irrep. */
export const selfPathsOf = (irrepsIn: Irreps, irrepsOut: Irreps): readonly SteerablePath[] => laidOut(irrepsIn, irrepsOut, [0], () => 1);

/** Weights in one row: the second size of a convolution's weight, or the length of a self-connection's. */
export const weightsOf = (paths: readonly SteerablePath[]): number => paths.reduce((sum, path) => sum + path.multiplicityIn * path.multiplicityOut, 0);

function laidOut(irrepsIn: Irreps, irrepsOut: Irreps, harmonics: readonly number[], variance: (degreeOut: number) => number): readonly SteerablePath[] {
  const found = irrepsIn.flatMap((input, entryIn) =>
    harmonics.flatMap((degree) =>
      irrepsOut.flatMap((output, entryOut) =>
        input.parity === output.parity && couples(input.degree, degree, output.degree) ? [{ entryIn, degree, entryOut, multiplicityIn: input.multiplicity, multiplicityOut: output.multiplicity }] : [],
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
