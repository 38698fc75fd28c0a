/**
 * @file How a convolution along an axis is turned into products: minimal filtering (Winograd, Arithmetic Complexity of Computations, 1980; Toom and Cook).
 *
 * `outputs` neighbouring results of a kernel of `taps` are output (kernel g * input d), with one product for each of `points` = outputs + taps - 1 places; d are the `points` inputs they read.
 */
import { V128, type FunctionBuilder } from '../../assembler';

/** A matrix by rows. */
export type Matrix = readonly (readonly number[])[];
export interface LineTransform {
  readonly taps: number;
  readonly outputs: number;
  readonly points: number;
  /** points x points */
  readonly input: Matrix;
  /** points x taps */
  readonly kernel: Matrix;
  /** outputs x points */
  readonly output: Matrix;
}

/** Places of the polynomials, beside infinity; small powers of two keep rounding errors under 1e-5. */
const places = [0, 1, -1, 2, -0.5, -2, 0.5];

/** One output at a time: the products are those of the definition. */
function plainTransform(taps: number): LineTransform {
  const identity = Array.from({ length: taps }, (_, row) => Array.from({ length: taps }, (_, column) => Number(row === column)));
  return { taps, outputs: 1, points: taps, input: identity, kernel: identity, output: [Array<number>(taps).fill(1)] };
}

function winogradTransform(taps: number, outputs: number): LineTransform {
  const points = outputs + taps - 1;
  const finite = places.slice(0, points - 1);
  /** Coefficients of the product of (x - root), lowest power first. */
  const polynomial = (roots: readonly number[]): number[] => roots.reduce((p, root) => [...p, 0].map((_, i) => (p[i - 1] ?? 0) - root * (p[i] ?? 0)), [1]);
  const powers = (a: number, count: number): number[] => Array.from({ length: count }, (_, i) => a ** i);
  const rows = finite.map((a) => {
    const others = finite.filter((b) => b !== a);
    const product = others.reduce((value, b) => value * (a - b), 1);
    const input = [...polynomial(others), 0];
    // a power of two moved from one factor of the product to the other, so that neither is large
    const scale = 2 ** (Math.round(Math.log2(Math.max(...input.map(Math.abs)))) - 1);
    return { input: input.map((c) => c / scale), kernel: powers(a, taps).map((c) => (c * scale) / product) };
  });
  const atInfinity = (length: number): number[] => [...Array<number>(length - 1).fill(0), 1];
  return {
    taps,
    outputs,
    points,
    input: [...rows.map((row) => row.input), polynomial(finite)],
    kernel: [...rows.map((row) => row.kernel), atInfinity(taps)],
    output: Array.from({ length: outputs }, (_, i) => [...finite.map((a) => a ** i), Number(i === outputs - 1)]),
  };
}

/** The transform with the fewest products for a line of so many voxels; a function of the shape only. */
export function lineTransform(taps: number, voxels: number, outputs = 4): LineTransform {
  const plain = plainTransform(taps);
  if (taps !== 3 && taps !== 5) return plain;
  const winograd = winogradTransform(taps, outputs);
  const products = ({ points, outputs }: LineTransform) => points * Math.ceil(voxels / outputs);
  return products(winograd) < products(plain) ? winograd : plain;
}

/** Of the rows of a plane, along x and, nested, along y. */
export interface PlaneTransform {
  readonly alongX: LineTransform;
  readonly alongY: LineTransform;
  /** Products of the two: point of y, then of x. */
  readonly points: number;
}
/** Two results at a time along y: with four along both axes rounding errors would pass 2e-5. */
export function planeTransform(taps: number, width: number, height: number): PlaneTransform {
  const [alongX, alongY] = [lineTransform(taps, width), lineTransform(taps, height, 2)];
  return { alongX, alongY, points: alongX.points * alongY.points };
}

/** One row of a matrix applied to vectors; zeros and ones cost nothing. */
export function combine(f: FunctionBuilder, row: readonly number[], vectors: readonly V128[]): V128 {
  let sum: V128 | undefined;
  row.forEach((factor, i) => {
    if (factor === 0) return;
    if (!sum) sum = factor === 1 ? vectors[i] : V128.of(factor).mul(vectors[i]);
    else if (factor === 1) sum = sum.add(vectors[i]);
    else if (factor === -1) sum = sum.sub(vectors[i]);
    else sum = f.multiplyAdd(V128.of(factor), vectors[i], sum);
  });
  return sum ?? V128.of(0);
}
export const column = (matrix: Matrix, index: number): number[] => matrix.map((row) => row[index]);
