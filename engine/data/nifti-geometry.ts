/** @file Where a volume lies in space: the fields of a NIfTI header as they are stored, and what follows from them (NIfTI-1 standard, section "3D image orientation"). Other formats are brought to these fields. */
import { axisAngle } from '../math/rotation';

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

/** Voxel to world in mm, three rows of four. */
export function affineMm(geometry: Geometry): readonly number[] {
  const scale = millimetresPerUnit[geometry.unitsCode & 7] ?? 1;
  return affine(geometry).map((entry) => entry * scale);
}

/** The geometry of a voxel-to-world matrix in mm (three rows of four): as sform, and as qform too where its axes are at right angles. */
export function geometryOf(matrix: readonly number[], spacingMm = columnLengths(matrix)): Geometry {
  const lengths = columnLengths(matrix);
  const unit = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => matrix[4 * row + column]! / (lengths[column]! || 1)));
  const [a, b, c, d, e, f, g, h, i] = unit as [number, number, number, number, number, number, number, number, number];
  const qfac = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0 ? -1 : 1;
  const { axis, angleDegrees } = axisAngle([a, b, qfac * c, d, e, qfac * f, g, h, qfac * i]);
  // w of the quaternion is not stored: it is taken to be positive
  const half = Math.sin((angleDegrees * Math.PI) / 360);
  return {
    pixdim: [qfac, ...spacingMm],
    unitsCode: 2,
    qformCode: shearDegrees(matrix) < 0.1 ? 1 : 0,
    quaternion: axis.map((component) => component * half) as unknown as Geometry['quaternion'],
    qoffset: [matrix[3]!, matrix[7]!, matrix[11]!],
    sformCode: 1,
    sform: matrix,
  };
}

const columnLengths = (matrix: readonly number[]): [number, number, number] => [0, 1, 2].map((column) => Math.hypot(matrix[column]!, matrix[4 + column]!, matrix[8 + column]!)) as [number, number, number];

/** How far the voxel axes are from right angles to each other. */
function shearDegrees(matrix: readonly number[]): number {
  const lengths = columnLengths(matrix);
  const sines = [[0, 1], [0, 2], [1, 2]].map(([p, q]) => Math.abs([0, 4, 8].reduce((sum, row) => sum + matrix[row + p!]! * matrix[row + q!]!, 0) / (lengths[p!]! * lengths[q!]! || 1)));
  return degrees(Math.asin(Math.min(1, Math.max(...sines))));
}

/** The largest angle between the axes of two matrices, each with its own voxel sizes. */
function angleBetweenDegrees(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [columnLengths(one), columnLengths(other)];
  const cosines = [0, 1, 2].map((column) => [0, 4, 8].reduce((sum, row) => sum + one[row + column]! * other[row + column]!, 0) / (a[column]! * b[column]! || 1));
  return degrees(Math.acos(Math.max(-1, Math.min(1, ...cosines))));
}

const degrees = (radians: number): number => (radians * 180) / Math.PI;

/** What a person should know about where a volume lies: a header without place, axes that are oblique or sheared, transforms that disagree, voxels that are no cubes. Full sentences without the file's name. */
export function geometryNotices(geometry: Geometry): string[] {
  const { qformCode, sform, pixdim } = geometry;
  const sformCode = isUsable(geometry) ? geometry.sformCode : 0;
  const matrix = affine(geometry);
  const notices: string[] = [];
  if (geometry.sformCode > 0 && sformCode === 0) notices.push(`The header's sform spans no volume: ${qformCode > 0 ? 'the qform' : 'the voxel size alone'} is used.`);
  if (sformCode <= 0 && qformCode <= 0) notices.push('The header says nothing about orientation: the axes are taken to run right, front, up.');
  const shear = shearDegrees(matrix);
  if (shear > 0.5) notices.push(`The voxel axes are sheared, ${shear.toFixed(1)}° off right angles: turning works on voxels, so the turned anatomy is distorted.`);
  const axes = orientation(geometry);
  const nearest = [0, 4, 8].flatMap((row, world) => [...[0, 1, 2].map((column) => ('RAS'[world] === axes[column] ? 1 : 'LPI'[world] === axes[column] ? -1 : 0)), matrix[row + 3]!]);
  const tilt = angleBetweenDegrees(matrix, nearest);
  if (tilt > 1) notices.push(`The voxel axes are oblique, up to ${tilt.toFixed(1)}° off right, front, up: planes are those of the voxels.`);
  if (sformCode > 0 && qformCode > 0) {
    const quaternionMatrix = affine({ ...geometry, sformCode: 0 });
    const angle = angleBetweenDegrees(sform, quaternionMatrix);
    const apart = Math.hypot(...[3, 7, 11].map((at) => sform[at]! - quaternionMatrix[at]!));
    if (angle > 1) notices.push(`The header's two transforms disagree by ${angle.toFixed(1)}° (sform ${orientation({ ...geometry, qformCode: 0 })}, qform ${orientation({ ...geometry, sformCode: 0 })}): the sform is used.`);
    else if (apart > Math.max(...pixdim.slice(1))) notices.push(`The header's two transforms place the volume ${apart.toFixed(1)} apart: the sform is used.`);
  }
  if (sformCode > 0 && columnLengths(sform).some((length, axis) => Math.abs(length - Math.abs(pixdim[axis + 1]!)) > 0.01 * length)) notices.push(`The header gives two voxel sizes (sform ${printSpacing(columnLengths(sform))}, pixdim ${printSpacing(pixdim.slice(1))}): the second is used.`);
  return [...notices, ...farFromCubic(spacingMm(geometry))];
}

/** Whether the sform is set and its columns have lengths: some programs set its code and leave it empty. */
const isUsable = ({ sformCode, sform }: Geometry): boolean => sformCode > 0 && sform.every(Number.isFinite) && columnLengths(sform).every((length) => length > 0);

/** Voxel to world, three rows of four: the sform where it is set and no column of it is empty, else the qform, else the voxel sizes alone. */
export function affine(geometry: Geometry): readonly number[] {
  const { pixdim, qformCode, quaternion, qoffset, sform } = geometry;
  const [qfac, dx, dy, dz] = pixdim;
  if (isUsable(geometry)) return sform;
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

/** What a person who turns volumes should know of voxels of this size. */
export const farFromCubic = (spacingMm: readonly number[]): string[] =>
  Math.max(...spacingMm) > 1.5 * Math.min(...spacingMm) ? [`Voxels of ${printSpacing(spacingMm)} are far from cubes: turning works on voxels, so the turned anatomy is distorted.`] : [];
