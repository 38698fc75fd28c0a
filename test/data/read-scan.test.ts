import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { affineMm, geometryNotices } from '../../engine/data/nifti-geometry';
import { fromRas, toRas } from '../../engine/data/orientation';
import { onlyOne, readImageFiles, readImages, readScans, writeLabels } from '../../engine/data/read-scan';
import { readVolume, writeVolume } from '../../engine/data/nifti';
import { plainGeometry } from '../support/nifti-file';
import { temporaryFolder } from '../support/temporary-folder';
import { dicomSlices, mgzFile, mhaFile, nrrdFile, type SmallVolume } from '../support/volume-files';

const volume: SmallVolume = { shape: [4, 5, 3], spacing: [1, 1.5, 2], value: (i) => 7 * i - 30 };
const values = (factor = 1) => Float32Array.from({ length: 60 }, (_, i) => factor * volume.value(i));
const rounded = (numbers: readonly number[]) => numbers.map((number) => Math.round(number * 1e4) / 1e4 + 0);

describe('readScans', () => {
  it.each([['a.nrrd', nrrdFile(volume)], ['a.mha', mhaFile(volume)]])('reads %s, in the world of NIfTI', async (name, bytes) => {
    const folder = temporaryFolder({ [name]: bytes });
    const [scan, ...more] = await readScans(`${folder}/${name}`);
    expect(more).toEqual([]);
    expect(scan).toMatchObject({ shape: [4, 5, 3], spacingMm: [1, 1.5, 2], orientation: 'LPS', storedType: 'int16' });
    expect(scan!.data).toEqual(values());
    expect(rounded(affineMm(scan!.geometry))).toEqual([-1, 0, 0, -10, 0, -1.5, 0, -20, 0, 0, 2, 30]);
    // The same in memory, as a window hands it over.
    expect((await readImageFiles([{ name, bytes }]))[0]!.data).toEqual(values());
  });

  it.each([['left-anterior-superior', [-1, 0, 0, -10, 0, 1.5, 0, 20, 0, 0, 2, 30]], ['RAS', [1, 0, 0, 10, 0, 1.5, 0, 20, 0, 0, 2, 30]]])('reads NRRD in the space %s', async (space, matrix) => {
    const [scan] = await readScans(`${temporaryFolder({ 'a.nrrd': nrrdFile(volume, space) })}/a.nrrd`);
    expect(rounded(affineMm(scan!.geometry))).toEqual(matrix);
    expect(scan!.data).toEqual(values());
  });

  it("reads FreeSurfer's .mgz with its centre", async () => {
    const [scan] = await readScans(`${temporaryFolder({ 'a.mgz': mgzFile(volume) })}/a.mgz`);
    expect(scan).toMatchObject({ shape: [4, 5, 3], orientation: 'LIA' });
    expect(scan!.data).toEqual(values());
    // c_ras is the world place of voxel (shape / 2).
    const m = affineMm(scan!.geometry);
    expect(rounded([0, 4, 8].map((row) => m[row]! * 2 + m[row + 1]! * 2.5 + m[row + 2]! * 1.5 + m[row + 3]!))).toEqual([1, 2, 3]);
    expect(rounded(m.filter((_, i) => i % 4 < 3))).toEqual([-1, 0, 0, 0, 0, 2, 0, -1.5, 0]);
  });

  it('reads a folder with one DICOM series, sorted by place and rescaled, and refuses two', async () => {
    // Names in the contrary order, and no endings.
    const slices = dicomSlices(volume).map((bytes, z) => [`series/IM${9 - z}`, bytes] as const);
    const other = dicomSlices({ ...volume, value: (i) => i }, '2').map((bytes, z) => [`both/other${z}.dcm`, bytes] as const);
    const folder = temporaryFolder({ ...Object.fromEntries([...slices, ...slices.map(([name, bytes]) => [name.replace('series', 'both'), bytes] as const), ...other]), 'empty/notes.txt': 'x', 'broken/1.dcm': slices[0]![1].subarray(0, 400) });
    const [scan, ...more] = await readScans(`${folder}/series`);
    expect(more).toEqual([]);
    expect(scan).toMatchObject({ shape: [4, 5, 3], spacingMm: [1, 1.5, 2], orientation: 'LPS' });
    expect(scan!.data).toEqual(values(2));
    expect((await readImageFiles(slices.map(([name, bytes]) => ({ name: name.slice(7), bytes }))))[0]!.data).toEqual(values(2));
    await expect(readScans(`${folder}/both`)).rejects.toThrow('both holds 6 DICOM files, and one series of them has 3.');
    await expect(readScans(`${folder}/empty`)).rejects.toThrow('empty is a folder without DICOM files');
    await expect(readScans(`${folder}/broken`)).rejects.toThrow('broken could not be read as a DICOM series');
  });

  it('follows the slices of a tilted gantry, and refuses a series with a gap or two slices in one place', async () => {
    const series = async (place: (z: number) => [number, number, number]) => (await readScans(temporaryFolder(Object.fromEntries(dicomSlices({ ...volume, shape: [4, 5, 5] }, '1', place).map((bytes, z) => [`${z}.dcm`, bytes])))))[0]!;
    const tilted = await series((z) => [10, 20 + z, 30 + 2 * z]);
    expect(rounded(affineMm(tilted.geometry))).toEqual([-1, 0, 0, -10, 0, -1.5, -1, -20, 0, 0, 2, 30]);
    expect(geometryNotices(tilted.geometry)[0]).toContain('sheared, 26.6°');
    await expect(series((z) => [10, 20, 30 + 2 * (z < 3 ? z : z + 1)])).rejects.toThrow('has slices 4 mm apart, and most are 2 mm: one is missing');
    await expect(series((z) => [10, 20, 30 + 2 * (z < 3 ? z : z - 1)])).rejects.toThrow('holds two slices in one place');
    const dropped = dicomSlices(volume, '1', () => [10, 20, 30]).map((bytes, z) => ({ name: `IM${z}.dcm`, bytes }));
    await expect(readImageFiles(dropped)).rejects.toThrow('The series of IM0.dcm holds two slices in one place.');
  });

  it('gives the volumes of a four-dimensional NIfTI file one by one', async () => {
    const bytes = writeVolume({ data: values(), shape: [4, 5, 3] }, plainGeometry, 'a.nii');
    new DataView(bytes.buffer).setInt16(40, 4, true);
    new DataView(bytes.buffer).setInt16(46, 1, true);
    // 4 x 5 x 1 x 3 is two-dimensional three times; as 2 x 2 x 5 x 3 there are three volumes of 20 voxels.
    [2, 2, 5, 3].forEach((size, axis) => new DataView(bytes.buffer).setInt16(42 + 2 * axis, size, true));
    const scans = await readScans(`${temporaryFolder({ 'a.nii': bytes })}/a.nii`);
    expect(scans.map(({ shape }) => shape)).toEqual([[2, 2, 5], [2, 2, 5], [2, 2, 5]]);
    expect(scans.map(({ data }) => [...data])).toEqual([0, 20, 40].map((from) => [...values().subarray(from, from + 20)]));
  });

  it('refuses more volumes than a network has inputs, and labels in four dimensions', async () => {
    const bytes = writeVolume({ data: new Float32Array(8 * 17).map((_, i) => i), shape: [2, 2, 34] }, plainGeometry, 'a.nii');
    [4, 2, 2, 2, 17].forEach((size, i) => new DataView(bytes.buffer).setInt16(40 + 2 * i, size, true));
    const folder = temporaryFolder({ 'a.nii': bytes });
    await expect(readImages(`${folder}/a.nii`)).rejects.toThrow('a.nii holds 17 volumes, and a case has at most 16 contrasts.');
    expect(() => onlyOne([{ shape: [2, 2, 2] }, {}] as never, 'a.nii')).toThrow('a.nii is 4-dimensional (2x2x2x2).');
  });

  it.each([
    ['cut.mha', mhaFile(volume).subarray(0, 150), 'cut.mha could not be read as a MetaImage file'],
    ['garbage.nrrd', 'NRRD0005\nnothing\n', 'garbage.nrrd could not be read as an NRRD file'],
    ['cut.mgz', mgzFile(volume).subarray(0, 40), 'cut.mgz could not be read as an MGH file'],
    ['empty.mha', '', 'empty.mha is empty'],
    ['flat.mha', mhaFile({ ...volume, shape: [4, 5, 1] }), 'flat.mha is two-dimensional'],
    ['slice.dcm', dicomSlices({ ...volume, shape: [4, 5, 1] })[0]!, 'slice.dcm is two-dimensional'],
  ])('refuses %s, and prints nothing', async (name, content, message) => {
    const folder = temporaryFolder({ [name]: content });
    const before = [console.log, console.error];
    const thrown = await readScans(`${folder}/${name}`).catch((error: unknown) => error as Error);
    expect(thrown).toMatchObject({ message: expect.stringContaining(message) });
    expect((thrown as Error).message).not.toContain(folder);
    expect([console.log, console.error]).toEqual(before);
  });
});

describe('writeLabels', () => {
  const labels = { data: Uint8Array.from({ length: 60 }, (_, i) => i % 3), shape: [4, 5, 3] as const };
  it.each(['out.nrrd', 'out.mha', 'out.mgz', 'out.nii.gz'])('writes %s on the grid of the image, by rename', async (name) => {
    const folder = temporaryFolder({ 'a.nrrd': nrrdFile(volume) });
    const [image] = await readScans(`${folder}/a.nrrd`);
    await writeLabels(`${folder}/${name}`, labels, image!.geometry);
    const [written] = await readScans(`${folder}/${name}`);
    expect(written).toMatchObject({ shape: [4, 5, 3], orientation: 'LPS', storedType: 'uint8' });
    expect([...written!.data]).toEqual([...labels.data]);
    expect(rounded(affineMm(written!.geometry))).toEqual(rounded(affineMm(image!.geometry)));
    expect(readdirSync(folder).sort()).toEqual(['a.nrrd', name].sort());
    expect(readFileSync(`${folder}/${name}`).length).toBeGreaterThan(50);
  });
});

describe('toRas', () => {
  // Every way three axes can run: 48 orientations.
  const directions = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].flatMap((order) => [...Array(8).keys()].map((bits) => order.map((world, axis) => ({ world, sign: bits & (1 << axis) ? -1 : 1 }))));
  it.each(directions.map((axes) => [axes.map(({ world, sign }) => (sign > 0 ? 'RAS' : 'LPI')[world]).join(''), axes] as const))('moves every voxel of %s to where it lies, and back', (code, axes) => {
    const spacing = [1, 1.5, 2];
    const sform = [0, 1, 2].flatMap((row) => [...axes.map(({ world, sign }, axis) => (world === row ? sign * spacing[axis]! : 0)), [5, -6, 7][row]!]);
    const scan = readVolume(writeVolume({ data: values(), shape: [4, 5, 3] }, { ...plainGeometry, pixdim: [1, 1, 1.5, 2], qformCode: 0, sform }, 'a.nii'), 'a.nii');
    expect(scan.orientation).toBe(code);
    const ras = toRas(scan);
    expect(ras.orientation).toBe('RAS');
    expect(axes.map(({ world }) => ras.spacingMm[world])).toEqual(spacing);
    const worldOf = ({ geometry }: typeof scan, [x, y, z]: readonly number[]) => { const m = affineMm(geometry); return rounded([0, 4, 8].map((row) => m[row]! * x! + m[row + 1]! * y! + m[row + 2]! * z! + m[row + 3]!)).join(); };
    const places = (volume: typeof scan) => new Map(Array.from(volume.data, (value, i) => [worldOf(volume, [i % volume.shape[0], Math.floor(i / volume.shape[0]) % volume.shape[1], Math.floor(i / volume.shape[0] / volume.shape[1])]), value]));
    const [own, turned] = [places(scan), places(ras)];
    expect(turned.size).toBe(60);
    for (const [place, value] of own) expect(turned.get(place)).toBe(value);
    expect(fromRas(ras, scan).data).toEqual(scan.data);
    if (code === 'RAS') expect(ras).toBe(scan);
  });
});
