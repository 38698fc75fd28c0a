/** @file Small volumes in every format that is read beside NIfTI, written byte by byte from the formats' own descriptions: an int16 ramp, so that every voxel has its place. */
import { gzipSync } from 'node:zlib';

/** x, y, z. */
type Triple = readonly [number, number, number];
export interface SmallVolume {
  readonly shape: Triple;
  readonly spacing: Triple;
  /** Value of voxel i, x fastest. */
  readonly value: (i: number) => number;
}

const count = ({ shape }: SmallVolume): number => shape[0] * shape[1] * shape[2];
const int16 = (volume: SmallVolume, littleEndian = true): Uint8Array => {
  const view = new DataView(new ArrayBuffer(2 * count(volume)));
  for (let i = 0; i < count(volume); i++) view.setInt16(2 * i, volume.value(i), littleEndian);
  return new Uint8Array(view.buffer);
};
const text = (...lines: readonly string[]): Uint8Array => new TextEncoder().encode(lines.join('\n'));
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** https://teem.sourceforge.net/nrrd/format.html. Axes run left, back, up (LPS), the world's first voxel at (10, 20, 30) of it. */
export const nrrdFile = (volume: SmallVolume, space = 'left-posterior-superior'): Uint8Array =>
  joined(text('NRRD0005', 'type: short', 'dimension: 3', `space: ${space}`, `sizes: ${volume.shape.join(' ')}`, `space directions: (${volume.spacing[0]},0,0) (0,${volume.spacing[1]},0) (0,0,${volume.spacing[2]})`, 'kinds: domain domain domain', 'endian: little', 'encoding: raw', 'space origin: (10,20,30)', '', ''), int16(volume));

/** https://itk.org/Wiki/ITK/MetaIO/Documentation. As {@link nrrdFile}. */
export const mhaFile = (volume: SmallVolume): Uint8Array =>
  joined(text('ObjectType = Image', 'NDims = 3', 'BinaryData = True', 'BinaryDataByteOrderMSB = False', 'CompressedData = False', 'TransformMatrix = 1 0 0 0 1 0 0 0 1', 'Offset = 10 20 30', `ElementSpacing = ${volume.spacing.join(' ')}`, `DimSize = ${volume.shape.join(' ')}`, 'ElementType = MET_SHORT', 'ElementDataFile = LOCAL', ''), int16(volume));

/** https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat, gzipped as .mgz: FreeSurfer's own axes, left, down, front (LIA), centre at (1, 2, 3) RAS. */
export function mgzFile(volume: SmallVolume): Uint8Array {
  const header = new DataView(new ArrayBuffer(284));
  [1, ...volume.shape, 1, 4, 0].forEach((value, i) => header.setInt32(4 * i, value));
  header.setInt16(28, 1);
  [...volume.spacing, -1, 0, 0, 0, 0, -1, 0, 1, 0, 1, 2, 3].forEach((value, i) => header.setFloat32(30 + 4 * i, value));
  return new Uint8Array(gzipSync(joined(new Uint8Array(header.buffer), int16(volume, false))));
}

/** DICOM PS3.10, explicit little endian: the slices of one MR series, each at its place in mm. Rows run left, columns back, slices up; a rescale slope of 2. */
export function dicomSlices(volume: SmallVolume, series = '1', place = (z: number): Triple => [10, 20, 30 + z * volume.spacing[2]]): Uint8Array[] {
  const [nx, ny, nz] = volume.shape;
  const root = '1.2.826.0.1.3680043.8.498';
  return Array.from({ length: nz }, (_, z) => {
    const instance = `${root}.${series}.${z + 1}`;
    const pixels = int16({ ...volume, shape: [nx, ny, 1], value: (i) => volume.value(i + nx * ny * z) });
    const meta = joined(element(2, 1, 'OB', Uint8Array.of(0, 1)), element(2, 2, 'UI', '1.2.840.10008.5.1.4.1.1.4'), element(2, 3, 'UI', instance), element(2, 0x10, 'UI', '1.2.840.10008.1.2.1'), element(2, 0x12, 'UI', root));
    return joined(
      new Uint8Array(128), text('DICM'), element(2, 0, 'UL', new Uint8Array(Uint32Array.of(meta.length).buffer)), meta,
      element(8, 0x16, 'UI', '1.2.840.10008.5.1.4.1.1.4'), element(8, 0x18, 'UI', instance), element(8, 0x60, 'CS', 'MR'),
      element(0x10, 0x10, 'PN', 'Nobody^Secret'), element(0x10, 0x20, 'LO', 'secret-7'),
      element(0x18, 0x50, 'DS', String(volume.spacing[2])), element(0x18, 0x88, 'DS', String(volume.spacing[2])),
      element(0x20, 0x0d, 'UI', `${root}.7`), element(0x20, 0x0e, 'UI', `${root}.${series}`), element(0x20, 0x13, 'IS', String(z + 1)),
      element(0x20, 0x32, 'DS', place(z).join('\\')), element(0x20, 0x37, 'DS', '1\\0\\0\\0\\1\\0'), element(0x20, 0x52, 'UI', `${root}.9`),
      element(0x28, 2, 'US', uint16(1)), element(0x28, 4, 'CS', 'MONOCHROME2'), element(0x28, 0x10, 'US', uint16(ny)), element(0x28, 0x11, 'US', uint16(nx)),
      element(0x28, 0x30, 'DS', `${volume.spacing[1]}\\${volume.spacing[0]}`), element(0x28, 0x100, 'US', uint16(16)), element(0x28, 0x101, 'US', uint16(16)), element(0x28, 0x102, 'US', uint16(15)), element(0x28, 0x103, 'US', uint16(1)),
      element(0x28, 0x1052, 'DS', '0'), element(0x28, 0x1053, 'DS', '2'),
      element(0x7fe0, 0x10, 'OW', pixels),
    );
  });
}

const uint16 = (value: number): Uint8Array => new Uint8Array(Uint16Array.of(value).buffer);
function element(group: number, number: number, type: string, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? text(value.length % 2 ? value + (type === 'UI' ? '\0' : ' ') : value) : value;
  const isLong = type === 'OB' || type === 'OW';
  const head = new DataView(new ArrayBuffer(isLong ? 12 : 8));
  head.setUint16(0, group, true);
  head.setUint16(2, number, true);
  [...type].forEach((letter, i) => head.setUint8(4 + i, letter.charCodeAt(0)));
  if (isLong) head.setUint32(8, bytes.length, true);
  else head.setUint16(6, bytes.length, true);
  return joined(new Uint8Array(head.buffer), bytes);
}
