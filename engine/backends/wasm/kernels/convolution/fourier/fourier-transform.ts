/**
 * @file Discrete Fourier transforms of lines of complex vectors (eight channels side by side), straight-line: the prime-factor algorithm of Good and Thomas, which needs no twiddle factors
 * (Good, The interaction algorithm and practical Fourier analysis, 1958). A complex vector is real parts and, behind them, imaginary parts.
 */
import type { FunctionBuilder, I32, V128 } from '../../../assembler';

export interface Complex {
  readonly re: V128;
  readonly im: V128;
}
/** Channels, or points, of a vector; bytes of its real parts, and of both parts. */
export const vectorLanes = 8;
export const partBytes = 4 * vectorLanes;
export const complexBytes = 2 * partBytes;

/** Lengths as products of coprime factors that have a transform of their own below. */
const factors = { 12: [4, 3], 20: [4, 5] } as const;
export type LineLength = keyof typeof factors;
export const lineLengths = [12, 20] as const satisfies readonly LineLength[];

export const loadComplex = (f: FunctionBuilder, pointer: I32, offset = 0): Complex => ({ re: f.loadEight(pointer, offset), im: f.loadEight(pointer, offset + partBytes) });
/** Multiplication with the imaginary unit is a swap: X(k) of exp(+) is that of exp(-) with real and imaginary parts exchanged before and after. */
export const swapped = ({ re, im }: Complex): Complex => ({ re: im, im: re });
export const conjugate = ({ re, im }: Complex): Complex => ({ re, im: im.neg() });

/**
 * X(k) = sum over n of x(n) exp(-2 pi i n k / length). All of x is read before any of X is written, so that both may be one place.
 * @param scratch length complex vectors
 */
export function transformLine(f: FunctionBuilder, length: LineLength, scratch: I32, read: (n: number) => Complex, write: (k: number, value: Complex) => void): void {
  const [a, b] = factors[length];
  const at = (ka: number, nb: number): number => (ka * b + nb) * complexBytes;
  // stores between the short transforms keep V8 from loading everything first and spilling it
  for (let nb = 0; nb < b; nb++) {
    const values = Array.from({ length: a }, (_, na) => read((b * na + a * nb) % length));
    shortTransform(f, values).forEach((value, ka) => storeComplex(f, scratch, value, at(ka, nb)));
  }
  for (let ka = 0; ka < a; ka++) {
    const values = Array.from({ length: b }, (_, nb) => loadComplex(f, scratch, at(ka, nb)));
    const place = (kb: number): number => Array.from({ length }, (_, k) => k).find((k) => k % a === ka && k % b === kb)!;
    shortTransform(f, values).forEach((value, kb) => write(place(kb), value));
  }
}
export function storeComplex(f: FunctionBuilder, pointer: I32, { re, im }: Complex, offset = 0): void {
  f.store(pointer, re, offset);
  f.store(pointer, im, offset + partBytes);
}

/** Of four values, or of an odd number: sums and differences of x(j) and x(-j), which cosines and sines take to X(k) and X(-k). */
function shortTransform(f: FunctionBuilder, values: readonly Complex[]): Complex[] {
  const local = ({ re, im }: Complex): Complex => ({ re: f.v128(re), im: f.v128(im) });
  const add = (a: Complex, b: Complex): Complex => local({ re: a.re.add(b.re), im: a.im.add(b.im) });
  const subtract = (a: Complex, b: Complex): Complex => local({ re: a.re.sub(b.re), im: a.im.sub(b.im) });
  /** sum + factor value */
  const scaled = (sum: Complex, factor: number, value: Complex): Complex => local({ re: f.multiplyAdd(value.re, f.constant(factor), sum.re), im: f.multiplyAdd(value.im, f.constant(factor), sum.im) });
  const times = (factor: number, value: Complex): Complex => local({ re: value.re.mul(f.constant(factor)), im: value.im.mul(f.constant(factor)) });
  /** a - i b and a + i b */
  const minusI = (a: Complex, b: Complex): Complex => ({ re: a.re.add(b.im), im: a.im.sub(b.re) });
  const plusI = (a: Complex, b: Complex): Complex => ({ re: a.re.sub(b.im), im: a.im.add(b.re) });
  const [x0, ...others] = values.map(local) as [Complex, ...Complex[]];
  if (others.length === 3) {
    const [x1, x2, x3] = others as [Complex, Complex, Complex];
    const [even, evenDifference, odd, oddDifference] = [add(x0, x2), subtract(x0, x2), add(x1, x3), subtract(x1, x3)];
    return [add(even, odd), minusI(evenDifference, oddDifference), subtract(even, odd), plusI(evenDifference, oddDifference)];
  }
  const half = others.slice(0, others.length / 2);
  const pairs = half.map((value, j) => ({ sum: add(value, others.at(-1 - j)!), difference: subtract(value, others.at(-1 - j)!) }));
  const angle = (k: number, j: number): number => (2 * Math.PI * (k + 1) * (j + 1)) / values.length;
  const middles = half.map((_, k) => pairs.reduce((middle, { sum }, j) => scaled(middle, Math.cos(angle(k, j)), sum), x0));
  const odds = half.map((_, k) => pairs.slice(1).reduce((odd, { difference }, j) => scaled(odd, Math.sin(angle(k, j + 1)), difference), times(Math.sin(angle(k, 0)), pairs[0]!.difference)));
  return [pairs.reduce((all, { sum }) => add(all, sum), x0), ...middles.map((middle, k) => minusI(middle, odds[k]!)), ...middles.map((middle, k) => plusI(middle, odds[k]!)).reverse()];
}
