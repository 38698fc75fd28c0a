import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GyraError } from '../../engine/contract/problem';
import { readImage, readVolume, writeVolume } from '../../engine/data/nifti';
import { geometryNotices } from '../../engine/data/nifti-geometry';
import { imageFile, plainGeometry, ramp } from '../support/nifti-file';

const shape = [4, 5, 6] as const;
const good = gunzipSync(imageFile(shape));
const altered = (alter: (header: DataView, bytes: Uint8Array) => void, from: Uint8Array = good): Uint8Array => {
  const bytes = Uint8Array.from(from);
  alter(new DataView(bytes.buffer), bytes);
  return bytes;
};

describe('round trip', () => {
  it('keeps voxels, shape and geometry bit for bit, for float32 and uint8', () => {
    const geometry = { pixdim: [-1, 0.5, 0.75, 1.25] as const, unitsCode: 10, qformCode: 2, quaternion: [0.5, -0.5, 0.25] as const, qoffset: [-90.5, 126, -72.25] as const, sformCode: 3, sform: [0, 0.5, 0, 1, -0.75, 0, 0, 2, 0, 0, 1.25, 3] };
    for (const data of [ramp(shape), Uint8Array.from(ramp(shape))])
      for (const name of ['a.nii', 'a.nii.gz']) {
        const read = readVolume(writeVolume({ data, shape }, geometry, name), name);
        expect(read.geometry).toEqual(geometry);
        expect(read.shape).toEqual(shape);
        expect([...read.data]).toEqual([...data]);
        expect(read.spacingMm).toEqual([0.5, 0.75, 1.25]);
        expect(read.orientation).toBe('PRS');
      }
  });

  it('is compressed where the name ends in .gz, in capitals too', () => {
    for (const name of ['a.nii.gz', 'OUT.NII.GZ']) expect(gunzipSync(writeVolume({ data: ramp(shape), shape }, plainGeometry, name)).equals(writeVolume({ data: ramp(shape), shape }, plainGeometry, 'a.nii'))).toBe(true);
  });

  it('keeps the header of a real scan', () => {
    const path = 'assets/cases/imagesTr/hippocampus_004.nii.gz';
    const bytes = readFileSync(path);
    const read = readVolume(bytes, 'scan');
    expect(read).toMatchObject({ shape: [36, 52, 38], spacingMm: [1, 1, 1], orientation: 'RAS', storedType: 'float32' });
    const again = writeVolume(read, read.geometry, 'scan.nii');
    const original = gunzipSync(bytes);
    for (const [from, to] of [[76, 92], [252, 328], [352, original.length]]) expect(Buffer.from(again).subarray(from, to).equals(original.subarray(from, to))).toBe(true);
  });
});

describe('readVolume', () => {
  it('applies slope and intercept, and takes a slope of zero as none', () => {
    const scaled = (slope: number) => readVolume(altered((header) => { header.setFloat32(112, slope, true); header.setFloat32(116, 10, true); }), 'a.nii').data[1];
    expect(scaled(2)).toBe(2 * 7 + 10);
    expect(scaled(0)).toBe(7);
  });

  it('takes a first byte that was never filled in for the one after the header', () => {
    const data = (offset: number) => readVolume(altered((header) => header.setFloat32(108, offset, true)), 'a.nii').data;
    expect(data(0)).toEqual(ramp(shape));
    expect(() => data(-8)).toThrow('a.nii is truncated');
  });

  it('reads every whole-number type, and big-endian files', () => {
    const values = [1, 2, 100, 7, 0, 3, 90, 12];
    const small = gunzipSync(imageFile([2, 2, 2]));
    for (const [code, bits, array] of [[2, 8, Uint8Array], [256, 8, Int8Array], [4, 16, Int16Array], [512, 16, Uint16Array], [8, 32, Int32Array], [768, 32, Uint32Array], [64, 64, Float64Array]] as const) {
      const file = altered((header) => { header.setInt16(70, code, true); header.setInt16(72, bits, true); }, small.subarray(0, 352));
      expect([...readVolume(Buffer.concat([file, new Uint8Array(array.from(values).buffer)]), 'a.nii').data]).toEqual(values);
    }
    const swapped = altered((header, bytes) => {
      const reverse = (at: number, size: number): unknown => bytes.subarray(at, at + size).reverse();
      reverse(0, 4);
      for (let at = 40; at < 56; at += 2) reverse(at, 2);
      for (const at of [70, 72, 252, 254]) reverse(at, 2);
      for (let at = 76; at < 120; at += 4) reverse(at, 4);
      for (let at = 256; at < 328; at += 4) reverse(at, 4);
      for (let at = 352; at < bytes.length; at += 4) reverse(at, 4);
    });
    expect(readVolume(swapped, 'a.nii')).toEqual(readVolume(good, 'a.nii'));
  });

  it('takes a last axis of one as three-dimensional', () => {
    expect(readVolume(altered((header) => header.setInt16(40, 4, true)), 'a.nii').shape).toEqual(shape);
  });

  it('takes orientation from the sform, else the qform, else none', () => {
    const orientation = (change: Partial<typeof plainGeometry>): string => readVolume(writeVolume({ data: ramp(shape), shape }, { ...plainGeometry, ...change }, 'a.nii'), 'a.nii').orientation;
    expect(orientation({ sform: [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0] })).toBe('LPS');
    // Half a turn about z.
    expect(orientation({ sformCode: 0, quaternion: [0, 0, 1] })).toBe('LPS');
    expect(orientation({ sformCode: 0, pixdim: [-1, 1, 1, 1] })).toBe('RAI');
    expect(orientation({ sformCode: 0, qformCode: 0 })).toBe('RAS');
    expect(orientation({ sform: [0, 0, 2, 0, 0.9, 0.1, 0, 0, -0.1, 1, 0, 0] })).toBe('ASR');
  });

  it('takes the qform where the sform is set and empty or not a number, and says so', () => {
    const upsideDown = { ...plainGeometry, quaternion: [1, 0, 0] as const };
    for (const entry of [0, NaN]) {
      const { orientation, geometry } = readVolume(imageFile(shape, { ...upsideDown, sform: Array.from({ length: 12 }, () => entry) }), 'a.nii.gz');
      expect(orientation).toBe('RPI');
      expect(geometryNotices(geometry)).toEqual(["The header's sform spans no volume: the qform is used."]);
    }
  });

  it('gives the spacing in mm whatever the unit', () => {
    expect(readVolume(writeVolume({ data: ramp(shape), shape }, { ...plainGeometry, unitsCode: 3, pixdim: [1, 500, 500, 2000] }, 'a.nii'), 'a.nii').spacingMm).toEqual([0.5, 0.5, 2]);
  });
});

describe('bad files', () => {
  const text = new TextEncoder().encode('Dear colleague, the scan is attached. '.repeat(20));
  const bad: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['empty', new Uint8Array(), /is empty/],
    ['text', text, /not a NIfTI file: it is text/],
    ['compressed text', gzipSync(text), /not a NIfTI file: it is text/],
    ['short text', text.subarray(0, 30), /not a NIfTI file: it is text/],
    ['a renamed picture', altered((_, bytes) => bytes.set([0x89, 0x50, 0x4e, 0x47]), new Uint8Array(900)), /it is a picture/],
    ['a renamed DICOM file', altered((_, bytes) => bytes.set([68, 73, 67, 77], 128), new Uint8Array(900)), /it is a DICOM file/],
    ['noise', new Uint8Array(900).fill(7), /not a NIfTI file/],
    ['cut within the voxels', good.subarray(0, good.length - 9), /truncated: it should hold 4x5x6 voxels/],
    ['cut within the header', good.subarray(0, 200), /not a NIfTI file: it is too short/],
    ['cut after the header', good.subarray(0, 348), /truncated/],
    ['cut while compressed', imageFile(shape).subarray(0, 150), /truncated/],
    ['a pair', altered((header) => header.setUint8(345, 'i'.charCodeAt(0))), /NIfTI pair/],
    ['two dimensions', altered((header) => header.setInt16(40, 2, true)), /is two-dimensional \(4x5\)/],
    ['one slice', altered((header) => { header.setInt16(46, 1, true); }), /is two-dimensional/],
    ['one slice at several times', altered((header) => { header.setInt16(40, 4, true); header.setInt16(46, 1, true); header.setInt16(48, 6, true); }), /is two-dimensional \(4x5x1x6\)/],
    ['four dimensions', altered((header) => { header.setInt16(40, 4, true); header.setInt16(46, 2, true); header.setInt16(48, 3, true); }), /is 4-dimensional \(4x5x2x3\)/],
    ['a negative size', altered((header) => header.setInt16(44, -5, true)), /impossible shape/],
    ['no dimensions', altered((header) => header.setInt16(40, 0, true)), /impossible shape/],
    ['colours', altered((header) => header.setInt16(70, 128, true)), /type that is not read here/],
    ['no spacing', altered((header) => header.setFloat32(80, 0, true)), /voxel size of 0 x 1 x 1 mm/],
    ['NaN', altered((header) => header.setFloat32(352, NaN, true)), /1 of 120 voxels are NaN or infinite/],
    ['infinity', altered((header) => header.setFloat32(360, Infinity, true)), /1 of 120 voxels/],
    ['one intensity', writeVolume({ data: new Float32Array(120).fill(3), shape }, plainGeometry, 'a.nii'), /every voxel has the same intensity, 3/],
  ];

  it.each(bad)('%s: names the file and the remedy', (_what, bytes, message) => {
    let thrown: unknown;
    try {
      readImage(bytes, 'scan.nii.gz');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(GyraError);
    const { code, message: said, remedy } = thrown as GyraError;
    expect(code).toBe('bad-input');
    expect(said).toContain('scan.nii.gz');
    expect(said).toMatch(message);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  });
});
