/** @file Volumes of any format that is read: NIfTI by our own reader; NRRD, MetaImage, MGH and DICOM series through ITK, which is loaded when the first of them is met. */
import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { badInput } from '../contract/problem';
import { printShape, type Volume } from '../math/volume';
import type * as ItkImage from './formats/itk-image';
import { readBytes, writeByRename } from './file-access';
import { intensityProblem, readNifti, writeVolume } from './nifti';
import type { Geometry } from './nifti-geometry';
import type { Scan } from './scan';

const itkEnding = /\.(nrrd|nhdr|mha|mhd|mgh|mgz|mgh\.gz)$/i;
const niftiEnding = /\.nii(\.gz)?$/i;
/** A DICOM file has one of these names, or none with an ending at all. */
const dicomEnding = /(\.(dcm|ima)|^[^.]+|^[\d.]+)$/i;
/** As many as a network can have inputs. */
const mostContrasts = 16;
export const writtenEndings = '.nii, .nii.gz, .nrrd, .mha, .mgh or .mgz';

/** Whether a file name is that of a volume. Hidden files are what macOS leaves in archives. */
export const isVolumeName = (name: string): boolean => !name.startsWith('.') && (niftiEnding.test(name) || itkEnding.test(name));
/** A file name without what its format adds. */
export const withoutEnding = (name: string): string => name.replace(niftiEnding, '').replace(itkEnding, '');
/** Whether labels can be written under this name. Headers with their voxels in a second file are not written. */
export const canBeWritten = (name: string): boolean => niftiEnding.test(name) || (itkEnding.test(name) && !/\.(nhdr|mhd)$/i.test(name));

/**
 * The volumes of a file, or of a folder that holds the slices of one DICOM series: one for each contrast.
 * @throws GyraError naming the file without its folder
 */
export async function readScans(path: string): Promise<Scan[]> {
  const name = basename(path);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return readSeries(await dicomFiles(path), name);
  if (!found || niftiEnding.test(name)) return readNifti(await readBytes(path), name);
  if (found.size === 0) throw badInput(`${name} is empty.`, 'Copy or download the file again.');
  if (itkEnding.test(name)) return (await itk()).readItkImage(path);
  return (await isDicom(path)) ? readSeries([path], name) : readNifti(await readBytes(path), name);
}

/** As {@link readScans}, and refuses intensities that no network can use: NaN, infinite, or all the same. */
export async function readImages(path: string): Promise<Scan[]> {
  return checked(await readScans(path), basename(path));
}

/** Files that are not on this machine's disk, as a window hands them over: one or several contrasts, or the slices of one DICOM series. */
export async function readImageFiles(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Promise<Scan[]> {
  const scans: Scan[] = [];
  if (files.length > 1 && files.every(({ bytes }) => startsAsDicom(bytes))) {
    // the folder they are laid in for reading is nothing a person has seen
    const name = `The series of ${files[0]!.name}`;
    return onDisk(files, async (folder) => checked(await readSeries(await dicomFiles(folder), name), name));
  }
  for (const file of files) scans.push(...checked(await readScanFile(file), file.name));
  return scans;
}

/** One such file. */
export async function readScanFile(file: { readonly name: string; readonly bytes: Uint8Array }): Promise<Scan[]> {
  const isItk = file.bytes.length > 0 && (itkEnding.test(file.name) || startsAsDicom(file.bytes));
  return isItk ? onDisk([file], (folder) => readScans(join(folder, basename(file.name)))) : readNifti(file.bytes, file.name);
}

/** Writes labels in the format of the path's ending, by rename. */
export async function writeLabels(path: string, labels: Volume<Uint8Array>, geometry: Geometry): Promise<void> {
  if (itkEnding.test(path)) await (await itk()).writeItkImage(path, labels, geometry);
  else await writeByRename(path, writeVolume(labels, geometry, path));
}

/** Whether a folder holds DICOM files and no folders. */
export const isDicomFolder = async (path: string): Promise<boolean> => (await dicomFiles(path)).length > 0;

const itk = (): Promise<typeof ItkImage> => import('./formats/itk-image');

async function readSeries(paths: readonly string[], name: string): Promise<Scan[]> {
  if (paths.length === 0) throw badInput(`${name} is a folder without DICOM files.`, 'Give a volume, or a folder with the slices of one DICOM series.');
  return (await itk()).readDicomSeries(paths, name);
}

async function dicomFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => dicomEnding.test(name) && !/^DICOMDIR$/i.test(name)).sort();
  const paths: string[] = [];
  for (const name of names) if (await isDicom(join(folder, name))) paths.push(join(folder, name));
  return paths;
}

async function isDicom(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  try {
    return file !== null && startsAsDicom((await file.read(Buffer.alloc(132), 0, 132, 0)).buffer);
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

const startsAsDicom = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';

/** The only volume of a file, as labels have to be. */
export function onlyOne(scans: readonly Scan[], name: string): Scan {
  const [scan] = scans as [Scan];
  if (scans.length > 1) throw badInput(`${name} is 4-dimensional (${printShape([...scan.shape, scans.length])}).`, 'Give one label for each voxel.');
  return scan;
}

function checked(scans: Scan[], name: string): Scan[] {
  if (scans.length > mostContrasts) throw badInput(`${name} holds ${scans.length} volumes, and a case has at most ${mostContrasts} contrasts.`, 'Cut out what is to be segmented, for example one time point with fslroi.');
  scans.forEach(({ data }, contrast) => {
    const problem = intensityProblem(data);
    if (problem) throw badInput(`${name}${scans.length > 1 ? `, volume ${contrast + 1} of ${scans.length}` : ''}: ${problem}.`, 'Check how the file was made; export the scan again from its source.');
  });
  return scans;
}

/** ITK reads from disk: a folder for the while of one call. */
async function onDisk<T>(files: readonly { readonly name: string; readonly bytes: Uint8Array }[], read: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'gyra-volume-'));
  try {
    for (const { name, bytes } of files) await writeFile(join(folder, basename(name)), bytes);
    return await read(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
