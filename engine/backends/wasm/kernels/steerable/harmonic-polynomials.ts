/** @file Real harmonics as integer polynomials, in e3nn's order: Y = scale q(a) / |a|^degree with component normalisation. Each is even or odd in x, in y and in z, and on a lattice most values are equal up to sign. */
interface HarmonicPolynomial {
  readonly scale: number;
  readonly of: (x: number, y: number, z: number) => number;
}

export const polynomials: readonly (readonly HarmonicPolynomial[])[] = [
  [{ scale: 1, of: () => 1 }],
  [
    { scale: Math.sqrt(3), of: (x) => x },
    { scale: Math.sqrt(3), of: (_x, y) => y },
    { scale: Math.sqrt(3), of: (_x, _y, z) => z },
  ],
  [
    { scale: Math.sqrt(15), of: (x, _y, z) => x * z },
    { scale: Math.sqrt(15), of: (x, y) => x * y },
    { scale: Math.sqrt(5) / 2, of: (x, y, z) => 2 * y * y - x * x - z * z },
    { scale: Math.sqrt(15), of: (_x, y, z) => y * z },
    { scale: Math.sqrt(15) / 2, of: (x, _y, z) => z * z - x * x },
  ],
  [
    { scale: Math.sqrt(70) / 4, of: (x, _y, z) => x * (3 * z * z - x * x) },
    { scale: Math.sqrt(105), of: (x, y, z) => x * y * z },
    { scale: Math.sqrt(42) / 4, of: (x, y, z) => x * (4 * y * y - x * x - z * z) },
    { scale: Math.sqrt(7) / 2, of: (x, y, z) => y * (2 * y * y - 3 * x * x - 3 * z * z) },
    { scale: Math.sqrt(42) / 4, of: (x, y, z) => z * (4 * y * y - x * x - z * z) },
    { scale: Math.sqrt(105) / 2, of: (x, y, z) => y * (z * z - x * x) },
    { scale: Math.sqrt(70) / 4, of: (x, _y, z) => z * (z * z - 3 * x * x) },
  ],
];
export const maximumDegree = polynomials.length - 1;
export const degrees = polynomials.map((_, degree) => degree);
/** Factor from the integer polynomial to Y |a|^degree. */
export const polynomialScale = (degree: number, component: number): number => polynomials[degree]![component]!.scale;
