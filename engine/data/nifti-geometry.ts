/** @file Where a NIfTI volume lies in space: the header fields as they are stored, and what follows from them (NIfTI-1 standard, section "3D image orientation"). */

export interface Geometry {
  /** qfac (-1 or 1, 0 means 1), then voxel sizes in the file's unit. */
  readonly pixdim: readonly [qfac: number, dx: number, dy: number, dz: number];
  /** NIfTI unit codes, space in the lowest three bits. */
  readonly unitsCode: number;
  readonly qformCode: number;
  /** Quaternion b, c, d. */
  readonly quaternion: readonly [number, number, number];
  readonly qoffset: readonly [number, number, number];
  readonly sformCode: number;
  /** Three rows of four. */
  readonly sform: readonly number[];
}

const millimetresPerUnit: Readonly<Record<number, number>> = { 1: 1000, 3: 0.001 };

/** Voxel size in mm; a file without a unit is taken to be in mm. */
export function spacingMm({ pixdim, unitsCode }: Geometry): [number, number, number] {
  const scale = millimetresPerUnit[unitsCode & 7] ?? 1;
  return [pixdim[1] * scale, pixdim[2] * scale, pixdim[3] * scale].map(Math.abs) as [number, number, number];
}

/** Voxel to world, three rows of four: the sform where it is set, else the qform, else the voxel sizes alone. */
export function affine({ pixdim, qformCode, quaternion, qoffset, sformCode, sform }: Geometry): readonly number[] {
  const [qfac, dx, dy, dz] = pixdim;
  if (sformCode > 0) return sform;
  if (qformCode <= 0) return [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0];
  const [b, c, d] = quaternion;
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const k = qfac < 0 ? -dz : dz;
  return [
    (a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * k, qoffset[0],
    2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * k, qoffset[1],
    2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * k, qoffset[2],
  ];
}

/** Where each voxel axis points: RAS means to the right, to the front, upwards. The largest direction cosines decide first, and no two axes share a direction. */
export function orientation(geometry: Geometry): string {
  const matrix = affine(geometry);
  const cosine = (row: number, column: number): number => matrix[4 * row + column] / (Math.hypot(matrix[column], matrix[4 + column], matrix[8 + column]) || 1);
  const pairs = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => ({ row, column, value: cosine(row, column) })));
  const codes = ['?', '?', '?'];
  const taken = new Set<number>();
  for (const { row, column, value } of pairs.sort((p, q) => Math.abs(q.value) - Math.abs(p.value))) {
    if (codes[column] !== '?' || taken.has(row)) continue;
    codes[column] = (value < 0 ? 'LPI' : 'RAS')[row];
    taken.add(row);
  }
  return codes.join('');
}

/** Voxel size as text: 0.7 x 0.7 x 5 mm. */
export const printSpacing = (spacingMm: readonly number[]): string => `${spacingMm.map((size) => Number(size.toPrecision(4))).join(' x ')} mm`;

/** Whether turning by voxels distorts anatomy so much that a person should know. */
export const isFarFromCubic = (spacingMm: readonly number[]): boolean => Math.max(...spacingMm) > 1.5 * Math.min(...spacingMm);
