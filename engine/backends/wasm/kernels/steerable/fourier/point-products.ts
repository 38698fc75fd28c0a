/** @file Products over channels at a block of points of the spectrum, with what there is of a matrix's real and imaginary parts. Rows are tiles, always an even number; each channel of a row is (re of the points, im of the points). */
import { I32, loadI32, type FunctionBuilder, type FunctionReference, type ModuleBuilder, type V128 } from '../../../assembler';
import { partBytes } from '../../convolution/fourier/fourier-transform';
import { numberBytes, parts } from './point-matrices';

/** Outputs, rows and inputs of a register tile: 2 x 2 complex sums are eight vectors. */
export const together = 2;
/** Words of a range of inputs with equal parts: first, count, parts. */
export const rangeWords = 3;

interface ComplexLocal {
  readonly re: V128;
  readonly im: V128;
}
const locals = (f: FunctionBuilder, count: number, initial?: number): ComplexLocal[] => Array.from({ length: count }, () => ({ re: f.eight(initial), im: f.eight(initial) }));
const withParts = (f: FunctionBuilder, kind: I32, body: (part: number) => void): void =>
  f.if(kind.eq(parts.real), () => body(parts.real), () => f.if(kind.eq(parts.imaginary), () => body(parts.imaginary), () => body(parts.both)));

/**
 * (first input of the first row, bytes of a row, matrix at the first output, bytes from output to output, from input to input, first output of the first row, bytes of a row, ranges of inputs, their number):
 * two rows times so many columns of the matrix, or of its conjugate.
 */
export const emitMultiply = (m: ModuleBuilder, outputs: number, conjugated: boolean): FunctionReference =>
  m.functionOfEight([16, 0, 16, 0, 0, 16, 0, 0, 0], (f: FunctionBuilder, x: I32, rowBytes: I32, matrix: I32, outputBytes: I32, inputBytes: I32, y: I32, rowBytesOut: I32, range: I32, ranges: I32) => {
    const sums = [0, 1].map(() => locals(f, outputs, 0));
    const rows = [f.i32(), f.i32()];
    const columns = Array.from({ length: outputs }, () => f.i32());
    const numbers = locals(f, outputs);
    const value = f.eight();
    f.times(ranges, () => {
      const first = f.i32(loadI32(range));
      const count = f.i32(loadI32(range, 4));
      rows.forEach((row, r) => f.set(row, (r ? x.add(rowBytes) : x).add(first.mul(numberBytes))));
      columns.forEach((column, j) => f.set(column, matrix.add(outputBytes.mul(j)).add(first.mul(inputBytes))));
      withParts(f, loadI32(range, 8), (part) =>
        f.times(count, () => {
          columns.forEach((column, j) => {
            if (part !== parts.imaginary) f.set(numbers[j]!.re, f.loadEight(column));
            if (part !== parts.real) f.set(numbers[j]!.im, f.loadEight(column, partBytes));
            f.advance(column, inputBytes);
          });
          rows.forEach((row, r) => {
            const sum = sums[r]!;
            f.set(value, f.loadEight(row));
            sum.forEach(({ re, im }, j) => {
              if (part !== parts.imaginary) f.set(re, f.multiplyAdd(numbers[j]!.re, value, re));
              if (part !== parts.real) f.set(im, conjugated ? f.multiplySubtract(numbers[j]!.im, value, im) : f.multiplyAdd(numbers[j]!.im, value, im));
            });
            f.set(value, f.loadEight(row, partBytes));
            sum.forEach(({ re, im }, j) => {
              if (part !== parts.imaginary) f.set(im, f.multiplyAdd(numbers[j]!.re, value, im));
              if (part !== parts.real) f.set(re, conjugated ? f.multiplyAdd(numbers[j]!.im, value, re) : f.multiplySubtract(numbers[j]!.im, value, re));
            });
            f.advance(row, numberBytes);
          });
        }),
      );
      f.advance(range, rangeWords * 4);
    });
    sums.forEach((sum, r) => {
      if (r) f.advance(y, rowBytesOut);
      sum.forEach(({ re, im }, j) => {
        f.store(y, re, j * numberBytes);
        f.store(y, im, j * numberBytes + partBytes);
      });
    });
  });

/** Bytes of a pair of rows in a table of them: where those of x and of y begin. */
export const rowPairBytes = 8;

/**
 * (table of pairs of rows, their number, offset of the inputs in a row, bytes of a row, offset of the first outputs in a row of their gradients, bytes of such a row, gradient of the matrix,
 * bytes from input to input, parts, 1 where the points stand for themselves alone and 0 where also for -k, how many times so many outputs): sums over all rows of the outputs' gradients times conjugate inputs.
 */
export const emitCorrelate = (m: ModuleBuilder, inputs: number, outputs: number): FunctionReference =>
  m.functionOfEight([0, 0, 16, 0, 16, 0, 16, 0, 0, 0, 0], (f: FunctionBuilder, table: I32, count: I32, input: I32, rowBytes: I32, output: I32, rowBytesOut: I32, matrix: I32, inputBytes: I32, kind: I32, isAlone: I32, steps: I32) => {
    const sums = Array.from({ length: inputs }, () => locals(f, outputs));
    const gradients = locals(f, outputs);
    const value = f.eight();
    const pair = f.i32();
    const [x, xNext, dy, dyNext] = [f.i32(), f.i32(), f.i32(), f.i32()];
    const weight = f.v128(I32.of(2).sub(isAlone).toF32().splat());
    withParts(f, kind, (part) =>
      f.times(steps, () => {
        for (const { re, im } of sums.flat()) for (const sum of [re, im]) f.set(sum, f.inEight(0));
        f.set(pair, table);
        f.times(count, () => {
          f.set(x, loadI32(pair).add(input));
          f.set(xNext, x.add(rowBytes));
          f.set(dy, loadI32(pair, 4).add(output));
          f.set(dyNext, dy.add(rowBytesOut));
          [0, 1].forEach((row) => {
            gradients.forEach(({ re, im }, j) => {
              f.set(re, f.loadEight(row ? dyNext : dy, j * numberBytes));
              f.set(im, f.loadEight(row ? dyNext : dy, j * numberBytes + partBytes));
            });
            sums.forEach((sum, i) => {
              // where one part is wanted, its two products have a sum each: one sum would wait for itself
              f.set(value, f.loadEight(row ? xNext : x, i * numberBytes));
              sum.forEach(({ re, im }, j) => {
                if (part !== parts.imaginary) f.set(re, f.multiplyAdd(gradients[j]!.re, value, re));
                if (part !== parts.real) f.set(im, f.multiplyAdd(gradients[j]!.im, value, im));
              });
              f.set(value, f.loadEight(row ? xNext : x, i * numberBytes + partBytes));
              sum.forEach(({ re, im }, j) => {
                const [second, third] = part === parts.both ? [re, im] : [im, re];
                if (part !== parts.imaginary) f.set(second, f.multiplyAdd(gradients[j]!.im, value, second));
                if (part !== parts.real) f.set(third, f.multiplySubtract(gradients[j]!.re, value, third));
              });
            });
          });
          f.advance(pair, rowPairBytes);
        });
        sums.forEach((sum, i) => {
          const row = i ? f.i32(matrix.add(inputBytes)) : matrix;
          sum.forEach(({ re, im }, j) => {
            if (part !== parts.imaginary) f.store(row, (part === parts.real ? re.add(im) : re).mul(weight), j * numberBytes);
            if (part !== parts.real) f.store(row, (part === parts.imaginary ? re.add(im) : im).mul(weight), j * numberBytes + partBytes);
          });
        });
        f.advance(output, outputs * numberBytes);
        f.advance(matrix, outputs * numberBytes);
      }),
    );
  });
