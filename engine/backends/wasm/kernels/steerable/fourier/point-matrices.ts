/**
 * @file The matrix of a steerable kernel at a block of points of the spectrum, made from its weights where it is needed and never stored: [input, output], each (real parts of the points, imaginary parts). Harmonics of even degree make
 * the real parts, of odd degree the imaginary ones; so between most degrees one of the two is missing.
 */
import { loadSplat, type FunctionBuilder, type FunctionReference, type I32, type ModuleBuilder, type V128 } from '../../../assembler';
import { complexBytes, partBytes } from '../../convolution/fourier/fourier-transform';
import { outputScale } from '../couplings';
import { combine } from '../stages';
import type { Stencil } from '../stencil';
import type { StreamPlan, Target } from '../stream-plan';
import { firstHarmonic } from './harmonic-spectra';

/** Bytes of one number of a matrix at a block of points. */
export const numberBytes = complexBytes;

/** Which parts of a target's numbers there are. */
export const parts = { real: 0, imaginary: 1, both: 2 } as const;
export function partsOf({ couplings, self }: Target): number {
  const isReal = self || couplings.some(({ degree }) => degree % 2 === 0);
  if (!isReal) return parts.imaginary;
  return couplings.some(({ degree }) => degree % 2 === 1) ? parts.both : parts.real;
}
const partOffsets = (target: Target): number[] => [[0], [partBytes], [0, partBytes]][partsOf(target)]!;

/** By degree of the input and target of the plan. */
export type PointFunctions = readonly (readonly FunctionReference[])[];

type Coupling = Target['couplings'][number];
/** What the harmonic's component `b` gives between components of input and output. */
const coefficient = ({ degree, degreeOut, coefficients }: Coupling, a: number, b: number, c: number): number => coefficients[(a * (2 * degree + 1) + b) * (2 * degreeOut + 1) + c]! * outputScale(degreeOut, c);
const components = (degree: number): number[] => Array.from({ length: 2 * degree + 1 }, (_, i) => i);
const harmonicAt = (f: FunctionBuilder, stencil: Stencil, pointer: I32, degree: number, stream: number, component: number): V128 => f.loadEight(pointer, (firstHarmonic(stencil, degree) + stream * (2 * degree + 1) + component) * partBytes);
/** Pointers to the numbers of each component of an input copy; the next copy's lie as many inputs further. */
const rowsOf = (f: FunctionBuilder, matrix: I32, inputBytes: I32, degreeIn: number): I32[] => components(degreeIn).map((a) => f.i32(matrix.add(inputBytes.mul(a))));

/** (weights of an output copy's pairs, harmonics of the points, matrix at the first components, bytes from input to input, input copies): writes the numbers between the output copy and each input copy. `unit` is the spectrum of the self-connection. */
export function emitMatrices(m: ModuleBuilder, stencil: Stencil, plan: StreamPlan, unit: number): PointFunctions {
  return plan.map((targets, degreeIn) =>
    targets.map((target) =>
      m.functionOfEight([0, 16, 16, 0, 0], (f: FunctionBuilder, weights: I32, harmonics: I32, matrix: I32, inputBytes: I32, copies: I32) => {
        const { couplings, degreeOut, self, streams } = target;
        const rows = rowsOf(f, matrix, inputBytes, degreeIn);
        const copyBytes = f.i32(inputBytes.mul(rows.length));
        f.times(copies, () => {
          const sums = couplings.map(({ degree, first }) => {
            const sum = components(degree).map(() => f.eight());
            const weight = f.v128();
            stencil.radial[degree]!.forEach((_, stream) => {
              f.set(weight, loadSplat(weights, (first + stream) * 4));
              sum.forEach((local, b) => {
                const harmonic = harmonicAt(f, stencil, harmonics, degree, stream, b);
                f.set(local, stream === 0 ? weight.mul(harmonic) : f.multiplyAdd(weight, harmonic, local));
              });
            });
            return sum;
          });
          const own = self ? f.v128(loadSplat(weights, (streams - 1) * 4).mul(f.constant(unit))) : undefined;
          rows.forEach((row, a) => {
            for (const c of components(degreeOut))
              for (const part of partOffsets(target)) {
                const terms = couplings.flatMap((one, n) => (one.degree % 2 === part / partBytes ? components(one.degree).map((b) => ({ coefficient: coefficient(one, a, b, c), value: sums[n]![b]! })) : [])).filter((term) => term.coefficient !== 0);
                if (own && a === c && part === 0) terms.push({ coefficient: 1, value: own });
                f.store(row, combine(f, terms), c * numberBytes + part);
              }
          });
          f.advance(weights, streams * 4);
          for (const row of rows) f.advance(row, copyBytes);
        });
      }),
    ),
  );
}

/** (gradients of the weights of an output copy's pairs, eight lanes each, harmonics of the points, gradient of the matrix at the first components, bytes from input to input, input copies): adds to the weights' gradients. */
export function emitMatrixGradients(m: ModuleBuilder, stencil: Stencil, plan: StreamPlan, unit: number): PointFunctions {
  return plan.map((targets, degreeIn) =>
    targets.map((target) =>
      m.functionOfEight([16, 16, 16, 0, 0], (f: FunctionBuilder, gradients: I32, harmonics: I32, matrix: I32, inputBytes: I32, copies: I32) => {
        const { couplings, degreeOut, self, streams } = target;
        const rows = rowsOf(f, matrix, inputBytes, degreeIn);
        const add = (stream: number, terms: readonly { by: V128; value: V128 }[]): void =>
          f.store(gradients, terms.reduce((sum, { by, value }) => f.multiplyAdd(by, value, sum), f.loadEight(gradients, stream * partBytes)), stream * partBytes);
        const copyBytes = f.i32(inputBytes.mul(rows.length));
        f.times(copies, () => {
          for (const one of couplings) {
            const part = (one.degree % 2) * partBytes;
            const sums = components(one.degree).map((b) => {
              const terms = rows.flatMap((row, a) => components(degreeOut).map((c) => ({ coefficient: coefficient(one, a, b, c), value: f.loadEight(row, c * numberBytes + part) })));
              return f.v128(combine(f, terms.filter((term) => term.coefficient !== 0)));
            });
            stencil.radial[one.degree]!.forEach((_, stream) => add(one.first + stream, sums.map((value, b) => ({ value, by: harmonicAt(f, stencil, harmonics, one.degree, stream, b) }))));
          }
          if (self) add(streams - 1, rows.map((row, a) => ({ value: f.loadEight(row, a * numberBytes), by: f.constant(unit) })));
          f.advance(gradients, streams * partBytes);
          for (const row of rows) f.advance(row, copyBytes);
        });
      }),
    ),
  );
}
