/** @file NIfTI-1 and -2 in, NIfTI-1 out (.nii and .nii.gz), with geometry kept. https://nifti.nimh.nih.gov/nifti-1 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { isNIFTI, NIFTI1, readHeader, type NIFTI2 } from 'nifti-reader-js';
import { badInput } from '../contract/problem';
import { printShape, voxelCount, type Volume } from '../math/volume';
import type { Shape } from '../contract/engine-api';
import { orientation, printSpacing, spacingMm, type Geometry } from './nifti-geometry';
import type { Scan } from './scan';

const voxelTypes: Readonly<Record<number, { name: string; bytes: 1 | 2 | 4 | 8; values: (buffer: ArrayBuffer) => ArrayLike<number> | ArrayLike<bigint> }>> = {
  [NIFTI1.TYPE_UINT8]: { name: 'uint8', bytes: 1, values: (buffer) => new Uint8Array(buffer) },
  [NIFTI1.TYPE_INT8]: { name: 'int8', bytes: 1, values: (buffer) => new Int8Array(buffer) },
  [NIFTI1.TYPE_INT16]: { name: 'int16', bytes: 2, values: (buffer) => new Int16Array(buffer) },
  [NIFTI1.TYPE_UINT16]: { name: 'uint16', bytes: 2, values: (buffer) => new Uint16Array(buffer) },
  [NIFTI1.TYPE_INT32]: { name: 'int32', bytes: 4, values: (buffer) => new Int32Array(buffer) },
  [NIFTI1.TYPE_UINT32]: { name: 'uint32', bytes: 4, values: (buffer) => new Uint32Array(buffer) },
  [NIFTI1.TYPE_FLOAT32]: { name: 'float32', bytes: 4, values: (buffer) => new Float32Array(buffer) },
  [NIFTI1.TYPE_FLOAT64]: { name: 'float64', bytes: 8, values: (buffer) => new Float64Array(buffer) },
  [NIFTI1.TYPE_INT64]: { name: 'int64', bytes: 8, values: (buffer) => new BigInt64Array(buffer) },
  [NIFTI1.TYPE_UINT64]: { name: 'uint64', bytes: 8, values: (buffer) => new BigUint64Array(buffer) },
};

/**
 * The three-dimensional volumes of a file as float32 with its slope and intercept applied, x fastest: one, or in a four-dimensional file as many as its last axis is long.
 * @param name The file's name without its folder, for messages.
 * @throws GyraError where the bytes are empty, truncated, no NIfTI file, of another dimension or of a type that is not read here.
 */
export function readNifti(bytes: Uint8Array, name: string): Scan[] {
  const file = decompressed(bytes, name);
  if (!isNIFTI(file) && isNIFTI(file, true)) throw badInput(`${name} is one half of a NIfTI pair (.hdr and .img).`, 'Convert the pair to one .nii or .nii.gz file.');
  if (!isNIFTI(file)) throw badInput(`${name} is not a NIfTI file${looksLike(file)}.`, 'Give a NIfTI file (.nii, .nii.gz), NRRD, MetaImage (.mha), MGH (.mgh, .mgz) or a folder with a DICOM series.');
  const header = readableHeader(file, name);
  const { shape, count } = shapeOf(header.dims, name);
  const type = voxelTypes[header.datatypeCode];
  if (!type) throw badInput(`${name} holds voxels of a type that is not read here (NIfTI code ${header.datatypeCode}).`, 'Convert it to one number per voxel, such as int16 or float32.');
  const voxels = voxelCount(shape);
  const start = firstVoxelByte(header);
  const wanted = count * voxels * type.bytes;
  if (!(start >= 0) || start + wanted > file.byteLength) throw truncated(name, `it should hold ${printShape(count > 1 ? [...shape, count] : shape)} voxels (${wanted} bytes) and has ${Math.max(0, file.byteLength - start)} bytes of them`);
  const geometry = geometryOf(header, file);
  const spacing = spacingMm(geometry);
  if (!spacing.every((size) => size > 0 && Number.isFinite(size))) throw badInput(`${name} has a voxel size of ${printSpacing(spacing)}.`, 'Write the spacing into its header, for example with fslchpixdim.');
  return Array.from({ length: count }, (_, volume) => {
    const from = start + volume * voxels * type.bytes;
    const part = file.slice(from, from + voxels * type.bytes);
    if (!header.littleEndian) swapBytes(part, type.bytes);
    return { data: scaled(type.values(part), header.scl_slope, header.scl_inter), shape, spacingMm: spacing, orientation: orientation(geometry), storedType: type.name, geometry };
  });
}

/** The volume of a three-dimensional file. @throws GyraError as {@link readNifti} does, and where there are several. */
export function readVolume(bytes: Uint8Array, name: string): Scan {
  const [volume, ...others] = readNifti(bytes, name) as [Scan, ...Scan[]];
  if (others.length > 0) throw badInput(`${name} is 4-dimensional (${printShape([...volume.shape, 1 + others.length])}).`, 'Give one three-dimensional volume, for example one contrast or time point cut out with fslroi.');
  return volume;
}

/** As {@link readVolume}, and refuses intensities that no network can use: NaN, infinite, or all the same. */
export function readImage(bytes: Uint8Array, name: string): Scan {
  const volume = readVolume(bytes, name);
  const problem = intensityProblem(volume.data);
  if (problem) throw badInput(`${name}: ${problem}.`, 'Check how the file was made; export the scan again from its source.');
  return volume;
}

/** What is wrong with intensities, or null. */
export function intensityProblem(data: Float32Array): string | null {
  let lowest = Infinity;
  let highest = -Infinity;
  let broken = 0;
  for (const value of data) {
    if (!Number.isFinite(value)) broken++;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (broken > 0) return `${broken} of ${data.length} voxels are NaN or infinite`;
  return lowest === highest ? `every voxel has the same intensity, ${lowest}` : null;
}

/** Bytes of a NIfTI-1 file, uint8 or float32, compressed where `name` ends in .gz. Same input, same bytes. */
export function writeVolume({ data, shape }: Volume<Float32Array | Uint8Array>, geometry: Geometry, name: string): Uint8Array {
  const isFloat = data instanceof Float32Array;
  const bytes = new Uint8Array(352 + data.byteLength);
  const header = new DataView(bytes.buffer);
  const int16 = (at: number, ...values: readonly number[]): void => values.forEach((value, i) => header.setInt16(at + 2 * i, value, true));
  const float32 = (at: number, ...values: readonly number[]): void => values.forEach((value, i) => header.setFloat32(at + 4 * i, value, true));
  header.setInt32(0, 348, true);
  int16(40, 3, ...shape, 1, 1, 1, 1);
  int16(70, isFloat ? NIFTI1.TYPE_FLOAT32 : NIFTI1.TYPE_UINT8, isFloat ? 32 : 8);
  float32(76, ...geometry.pixdim);
  float32(108, 352, 1, 0);
  header.setUint8(123, geometry.unitsCode);
  int16(252, geometry.qformCode, geometry.sformCode);
  float32(256, ...geometry.quaternion, ...geometry.qoffset, ...geometry.sform);
  bytes.set([...'n+1'].map((letter) => letter.charCodeAt(0)), 344);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 352);
  return /\.gz$/i.test(name) ? gzipSync(bytes) : bytes;
}

function decompressed(bytes: Uint8Array, name: string): ArrayBuffer {
  if (bytes.length === 0) throw badInput(`${name} is empty.`, 'Copy or download the file again.');
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return new Uint8Array(isGzip ? gunzipSync(bytes) : bytes).buffer;
  } catch {
    throw truncated(name, 'its compressed data end early or are damaged');
  }
}

/** An offset inside the header, mostly 0, is one that was not filled in: voxels then follow the four bytes that say whether there are extensions. */
function firstVoxelByte(header: NIFTI1 | NIFTI2): number {
  const size = header instanceof NIFTI1 ? 348 : 540;
  return header.vox_offset >= 0 && header.vox_offset < size ? size + 4 : header.vox_offset;
}

function readableHeader(file: ArrayBuffer, name: string): NIFTI1 | NIFTI2 {
  try {
    return readHeader(file);
  } catch {
    throw badInput(`${name} has a damaged NIfTI header.`, 'Copy or download the file again.');
  }
}

/** Shape of one volume, and how many there are: along the fourth axis, or as the values of each voxel (NIfTI's fifth). */
function shapeOf(dims: readonly number[], name: string): { shape: Shape; count: number } {
  const sizes = dims.slice(1, 1 + dims[0]);
  if (!(dims[0] >= 1 && dims[0] <= 7) || !sizes.every((size) => size > 0)) throw badInput(`${name} has an impossible shape in its header (${printShape(sizes)}).`, 'Copy or download the file again.');
  // A last axis of one, as some tools write it, is still three-dimensional.
  while (sizes.length > 3 && sizes.at(-1) === 1) sizes.pop();
  if (sizes.length < 3 || sizes.slice(0, 3).some((size) => size === 1)) throw badInput(`${name} is two-dimensional (${printShape(sizes)}).`, 'Give a volume with more than one slice.');
  const [nx, ny, nz, ...more] = sizes as [number, number, number, ...number[]];
  const several = more.filter((size) => size > 1);
  if (several.length > 1) throw badInput(`${name} is ${sizes.length}-dimensional (${printShape(sizes)}).`, 'Give one three-dimensional volume, or several along a fourth axis.');
  return { shape: [nx, ny, nz], count: several[0] ?? 1 };
}

function geometryOf(header: NIFTI1 | NIFTI2, file: ArrayBuffer): Geometry {
  const view = new DataView(file);
  const isFirst = header instanceof NIFTI1;
  // The reader keeps only one of the two transforms; both are needed to write the geometry back.
  const sform = Array.from({ length: 12 }, (_, i) => (isFirst ? view.getFloat32(280 + 4 * i, header.littleEndian) : view.getFloat64(400 + 8 * i, header.littleEndian)));
  const [qfac, dx, dy, dz] = header.pixDims;
  return {
    pixdim: [qfac, dx, dy, dz],
    unitsCode: header.xyzt_units,
    qformCode: header.qform_code,
    quaternion: [header.quatern_b, header.quatern_c, header.quatern_d],
    qoffset: [header.qoffset_x, header.qoffset_y, header.qoffset_z],
    sformCode: header.sform_code,
    sform,
  };
}

function scaled(values: ArrayLike<number> | ArrayLike<bigint>, slope: number, intercept: number): Float32Array {
  // A slope of zero means no scaling.
  const isScaled = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept) && (slope !== 1 || intercept !== 0);
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = isScaled ? slope * Number(values[i]) + intercept : Number(values[i]);
  return data;
}

function swapBytes(buffer: ArrayBuffer, bytesPerVoxel: 1 | 2 | 4 | 8): void {
  const bytes = Buffer.from(buffer);
  if (bytesPerVoxel === 2) bytes.swap16();
  if (bytesPerVoxel === 4) bytes.swap32();
  if (bytesPerVoxel === 8) bytes.swap64();
}

const truncated = (name: string, how: string): Error => badInput(`${name} is truncated: ${how}.`, 'Copy or download the file again.');

/** A guess at what a foreign file is, for the message. */
function looksLike(file: ArrayBuffer): string {
  const start = Buffer.from(file.slice(0, 512));
  if (start.toString('latin1', 128, 132) === 'DICM') return ': it is a DICOM file';
  if (start.toString('latin1', 0, 4) === 'NRRD') return ': it is an NRRD file';
  if (start.toString('latin1', 1, 4) === 'PNG' || start.toString('hex', 0, 3) === 'ffd8ff') return ': it is a picture';
  if (start.toString('latin1', 0, 2) === 'PK') return ': it is a zip archive';
  if (start.every((byte) => (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13)) return ': it is text';
  return file.byteLength < 348 ? ': it is too short' : '';
}
