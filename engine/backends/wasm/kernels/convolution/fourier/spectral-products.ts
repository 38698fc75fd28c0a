/** @file What happens at every point of the spectra: rows times the kernel's matrix, and for its gradient conjugate rows times rows. Matrices are [pair of vectors of eight outputs, input, vector of the pair]. */
import { loadSplat, type FunctionBuilder, type I32, type FunctionReference, type ModuleBuilder } from '../../../assembler';
import { integerFields } from '../blocks';
import { complexBytes, loadComplex, storeComplex, type Complex } from './fourier-transform';

/** Vectors of outputs, and rows or inputs, of a register tile: 2 x 2 complex sums are eight vectors. */
const together = 2;
const names = ['left', 'right', 'result', 'rows', 'inputs', 'vectors', 'leftRowBytes', 'rightRowBytes', 'leftPointBytes', 'rightPointBytes', 'resultPointBytes', 'points', 'pointsPerItem'] as const;
/** `left`: rows of inputs (re, im). `right`: the kernel's matrices. `result`: rows of outputs in vectors. */
const productFields = integerFields(...names);
/** `right`: rows of outputs in vectors. `result`: the matrices' gradients; `first`: not 0 where the sums begin. */
const gradientFields = integerFields(...names, 'first');

interface Sums {
  readonly re: ReturnType<FunctionBuilder['v128']>;
  readonly im: ReturnType<FunctionBuilder['v128']>;
}
const zeros = (f: FunctionBuilder, count: number): Sums[] => Array.from({ length: count }, () => ({ re: f.eight(0), im: f.eight(0) }));

/** Products of one number of the left with vectors of the right are added: (re + i im) v, or (re + i im) conj v. */
function addProducts(f: FunctionBuilder, sums: readonly Sums[], left: I32, offset: number, right: readonly Complex[], conjugated: boolean, part: ReturnType<FunctionBuilder['v128']>): void {
  f.set(part, loadSplat(left, offset));
  sums.forEach(({ re, im }, j) => {
    f.set(re, f.multiplyAdd(part, right[j].re, re));
    f.set(im, conjugated ? f.multiplySubtract(part, right[j].im, im) : f.multiplyAdd(part, right[j].im, im));
  });
  f.set(part, loadSplat(left, offset + 4));
  sums.forEach(({ re, im }, j) => {
    f.set(re, conjugated ? f.multiplyAdd(part, right[j].im, re) : f.multiplySubtract(part, right[j].im, re));
    f.set(im, f.multiplyAdd(part, right[j].re, im));
  });
}
const locals = (f: FunctionBuilder, count: number): Sums[] => Array.from({ length: count }, () => ({ re: f.eight(), im: f.eight() }));
const load = (f: FunctionBuilder, into: readonly Sums[], pointer: I32): void =>
  into.forEach((local, j) => {
    const { re, im } = loadComplex(f, pointer, j * complexBytes);
    f.set(local.re, re);
    f.set(local.im, im);
  });

/** (rows of the left, matrix, rows of the result, inputs, bytes of a row of the left, of the result): two rows. */
const multiplyRows = (m: ModuleBuilder, vectors: number): FunctionReference =>
  m.functionOfEight([0, 16, 16, 0, 0, 0], (f, left: I32, matrix: I32, result: I32, inputs: I32, leftBytes: I32, resultBytes: I32) => {
    const lefts = [left, f.i32(left.add(leftBytes))];
    const sums = lefts.map(() => zeros(f, vectors));
    const right = locals(f, vectors);
    const part = f.v128();
    f.times(inputs, () => {
      load(f, right, matrix);
      lefts.forEach((pointer, row) => {
        addProducts(f, sums[row], pointer, 0, right, false, part);
        f.advance(pointer, 8);
      });
      f.advance(matrix, vectors * complexBytes);
    });
    sums[0].forEach((sum, j) => storeComplex(f, result, sum, j * complexBytes));
    f.advance(result, resultBytes);
    sums[1].forEach((sum, j) => storeComplex(f, result, sum, j * complexBytes));
  });

/** (first row of the left at some inputs, of the right at some vectors, sums, rows, bytes of a row of the left, of the right): sums += left conj(right). */
const correlateRows = (m: ModuleBuilder, inputs: number, vectors: number): FunctionReference =>
  m.functionOfEight([0, 16, 16, 0, 0, 0], (f, left: I32, right: I32, result: I32, rows: I32, leftBytes: I32, rightBytes: I32) => {
    const sums = Array.from({ length: inputs }, () => zeros(f, vectors));
    const factors = locals(f, vectors);
    const part = f.v128();
    f.times(rows, () => {
      load(f, factors, right);
      sums.forEach((sum, i) => addProducts(f, sum, left, i * 8, factors, true, part));
      f.advance(left, leftBytes);
      f.advance(right, rightBytes);
    });
    sums.flat().forEach((sum, i) => {
      const before = loadComplex(f, result, i * complexBytes);
      storeComplex(f, result, { re: sum.re.add(before.re), im: sum.im.add(before.im) }, i * complexBytes);
    });
  });

/** Runs for each pair of vectors of outputs, and for a last single one. */
function forVectors(f: FunctionBuilder, vectors: I32, body: (count: number, first: I32) => void): void {
  f.for(0, vectors.sub(1), together, (first) => body(together, first));
  f.if(vectors.and(1), () => body(1, f.i32(vectors.sub(1))));
}

export function spectralProductKernel(m: ModuleBuilder) {
  const multiply = [1, together].map((vectors) => multiplyRows(m, vectors));
  return m.kernel('spectralProduct', productFields, (f, p, item) => {
    f.for(item.mul(p.pointsPerItem), item.add(1).mul(p.pointsPerItem).min(p.points), 1, (point) => {
      const matrix = f.i32(p.right.add(point.mul(p.rightPointBytes)));
      const [left, result] = [f.i32(), f.i32()];
      forVectors(f, p.vectors, (count, first) => {
        f.set(left, p.left.add(point.mul(p.leftPointBytes)));
        f.set(result, p.result.add(point.mul(p.resultPointBytes)).add(first.mul(complexBytes)));
        f.times(p.rows.shr(1), () => {
          f.call(multiply[count - 1], left, matrix, result, p.inputs, p.leftRowBytes, p.rightRowBytes);
          f.advance(left, p.leftRowBytes.shl(1));
          f.advance(result, p.rightRowBytes.shl(1));
        });
        f.advance(matrix, p.inputs.mul(count * complexBytes));
      });
    });
  });
}

export function spectralGradientKernel(m: ModuleBuilder) {
  const correlate = [1, together].map((vectors) => [1, 2].map((inputs) => correlateRows(m, inputs, vectors)));
  return m.kernel('spectralGradient', gradientFields, (f, p, item) => {
    f.for(item.mul(p.pointsPerItem), item.add(1).mul(p.pointsPerItem).min(p.points), 1, (point) => {
      const matrix = f.i32(p.result.add(point.mul(p.resultPointBytes)));
      f.if(p.first, () => f.fillZero(matrix, p.resultPointBytes));
      const [left, right] = [f.i32(), f.i32()];
      forVectors(f, p.vectors, (count, first) => {
        f.set(left, p.left.add(point.mul(p.leftPointBytes)));
        f.set(right, p.right.add(point.mul(p.rightPointBytes)).add(first.mul(complexBytes)));
        const step = (inputs: number): void => {
          f.call(correlate[count - 1][inputs - 1], left, right, matrix, p.rows, p.leftRowBytes, p.rightRowBytes);
          f.advance(left, inputs * 8);
          f.advance(matrix, inputs * count * complexBytes);
        };
        f.times(p.inputs.shr(1), () => step(2));
        f.if(p.inputs.and(1), () => step(1));
      });
    });
  });
}
