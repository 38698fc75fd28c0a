/** @file NRRD, MetaImage, MGH and DICOM series through ITK compiled to WebAssembly, which sees only what is named from the root. This file is loaded when the first of them is met. */
import { open, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { readImageDicomFileSeriesNode } from '@itk-wasm/dicom';
import { metaReadImageNode, metaWriteImageNode, mghReadImageNode, mghWriteImageNode, nrrdReadImageNode, nrrdWriteImageNode } from '@itk-wasm/image-io';
import type { Image } from 'itk-wasm';
import type { Shape } from '../../contract/engine-api';
import { badInput } from '../../contract/problem';
import { printShape, voxelCount, type Volume } from '../../math/volume';
import { readBytes, renameInto } from '../file-access';
import { affineMm, geometryOf, orientation, printSpacing, type Geometry } from '../nifti-geometry';
import type { Scan } from '../scan';
import { slicePlace, stackDirection, type SlicePlace } from './dicom-places';

const formats = {
  NRRD: { ending: /\.(nrrd|nhdr)$/i, read: nrrdReadImageNode, write: nrrdWriteImageNode },
  MetaImage: { ending: /\.(mha|mhd)$/i, read: metaReadImageNode, write: metaWriteImageNode },
  MGH: { ending: /\.(mgh|mgz|mgh\.gz)$/i, read: mghReadImageNode, write: mghWriteImageNode },
} as const;

const formatOf = (name: string): keyof typeof formats | undefined => (Object.keys(formats) as (keyof typeof formats)[]).find((format) => formats[format].ending.test(name));

/** The volumes of a file: one for each value of a voxel, or for each step of a fourth axis. */
export async function readItkImage(path: string): Promise<Scan[]> {
  const name = basename(path);
  const format = formatOf(name)!;
  const { couldRead, image } = await inTurn(() => formats[format].read(resolve(path))).catch(unlessFault({ couldRead: false, image: undefined }));
  if (!couldRead || !image?.data) throw badInput(`${name} could not be read as ${format === 'MetaImage' ? 'a' : 'an'} ${format} file.`, 'Copy or download the file again; a header with its voxels in a second file needs that file beside it.');
  return scansOf(format === 'NRRD' && (await isLeftAnteriorSuperior(path)) ? halfTurned(image) : image, name);
}

const cosinesOf = ({ direction }: Image): Float64Array => Float64Array.from(direction as unknown as ArrayLike<number>);

/** Whether an NRRD file gives its directions in this space: ITK turns the wrong axis of it then, and the volume stands half a turn about the third axis from its place. */
async function isLeftAnteriorSuperior(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    const [header] = buffer.toString('latin1', 0, bytesRead).split(/\r?\n\r?\n/);
    return /^space: *(left-anterior-superior|LAS)\s*$/im.test(header!);
  } finally {
    await file.close();
  }
}

/** The first two axes of the world run the other way. */
function halfTurned(image: Image): Image {
  const { dimension } = image.imageType;
  return { ...image, origin: image.origin.map((at, row) => (row < 2 ? -at : at)), direction: cosinesOf(image).map((cosine, i) => (i < 2 * dimension ? -cosine : cosine)) };
}

/** One volume from the slices of a DICOM series. */
export async function readDicomSeries(paths: readonly string[], name: string): Promise<Scan[]> {
  const failed = { outputImage: undefined, sortedFilenames: [] as unknown };
  const { outputImage, sortedFilenames } = await inTurn(() => readImageDicomFileSeriesNode({ inputImages: paths.map((path) => resolve(path)), singleSortedSeries: false })).catch(unlessFault(failed));
  if (!outputImage?.data) throw badInput(`${name} could not be read as a DICOM series.`, 'Give a folder that holds the slices of one series and nothing else; enhanced or encapsulated objects can be converted with dcm2niix.');
  const used = Array.isArray(sortedFilenames) ? sortedFilenames.length : paths.length;
  if (used < paths.length) throw badInput(`${name} holds ${paths.length} DICOM files, and one series of them has ${used}.`, 'Give each series its own folder.');
  return scansOf(stacked(outputImage, stackDirection(await placesOf(paths), name)), name);
}

async function placesOf(paths: readonly string[]): Promise<(SlicePlace | null)[]> {
  const places: (SlicePlace | null)[] = [];
  if (paths.length > 1) for (const path of paths) places.push(slicePlace(await readBytes(path)));
  return places;
}

/** The third axis along the places of the slices, in whichever sense ITK has sorted them. */
function stacked(image: Image, along: readonly number[] | null): Image {
  if (!along) return image;
  const direction = cosinesOf(image);
  const sense = Math.sign(along.reduce((sum, component, row) => sum + component * direction[3 * row + 2]!, 0)) || 1;
  along.forEach((component, row) => void (direction[3 * row + 2] = sense * component));
  return { ...image, direction };
}

/** Writes labels in the format of the path's ending, by rename. */
export async function writeItkImage(path: string, { data, shape }: Volume<Uint8Array>, geometry: Geometry): Promise<void> {
  const format = formatOf(path)!;
  const ras = affineMm(geometry);
  const spacing = [0, 1, 2].map((axis) => Math.hypot(ras[axis]!, ras[4 + axis]!, ras[8 + axis]!));
  const image = {
    imageType: { dimension: 3, componentType: 'uint8', pixelType: 'Scalar', components: 1 },
    name: 'labels',
    origin: lps([ras[3]!, ras[7]!, ras[11]!]),
    spacing,
    direction: Float64Array.from({ length: 9 }, (_, i) => ((i < 6 ? -1 : 1) * ras[4 * Math.floor(i / 3) + (i % 3)]!) / spacing[i % 3]! + 0),
    size: [...shape],
    data,
    metadata: new Map(),
  } as unknown as Image;
  // the format follows from the ending, so the temporary name ends alike
  const temporary = join(dirname(resolve(path)), `.${randomUUID()}.part.${basename(path)}`);
  const written = await inTurn(() => formats[format].write(image, temporary, { useCompression: true })).catch(unlessFault({ couldWrite: false }));
  if (!written.couldWrite) {
    await rm(temporary, { force: true });
    throw badInput(`${basename(path)} could not be written as ${format}.`, 'Write NIfTI instead (.nii.gz), which keeps every geometry.');
  }
  await renameInto(temporary, path);
}

function scansOf(image: Image, name: string): Scan[] {
  const { imageType, size, spacing, origin, direction, data } = image;
  const sizes = [...size];
  while (sizes.length > 3 && sizes.at(-1) === 1) sizes.pop();
  if (sizes.length < 3 || sizes.slice(0, 3).some((length) => length < 2)) throw badInput(`${name} is two-dimensional (${printShape(sizes)}).`, 'Give a volume with more than one slice.');
  if (sizes.length > 4 || /RGB|Complex/i.test(imageType.pixelType)) throw badInput(`${name} holds ${imageType.pixelType} voxels in ${sizes.length} dimensions.`, 'Give one three-dimensional volume with one number per voxel.');
  const shape = sizes.slice(0, 3) as unknown as Shape;
  const dimension = imageType.dimension;
  const spacingMm = spacing.slice(0, 3) as [number, number, number];
  if (!spacingMm.every((length) => length > 0 && Number.isFinite(length))) throw badInput(`${name} has a voxel size of ${printSpacing(spacingMm)}.`, 'Write the spacing into its header.');
  // ITK's world runs to the left and to the back, NIfTI's to the right and to the front
  const matrix = [0, 1, 2].flatMap((row) => {
    const sign = row < 2 ? -1 : 1;
    return [...[0, 1, 2].map((column) => sign * Number(direction[row * dimension + column]) * spacingMm[column]! + 0), sign * origin[row]! + 0];
  });
  const geometry = geometryOf(matrix, spacingMm);
  const voxels = voxelCount(shape);
  const { components } = imageType;
  const values = data as unknown as ArrayLike<number | bigint>;
  return Array.from({ length: components * (sizes[3] ?? 1) }, (_, volume) => {
    const from = Math.floor(volume / components) * voxels * components + (volume % components);
    return { data: Float32Array.from({ length: voxels }, (__, i) => Number(values[from + i * components])), shape, spacingMm, orientation: orientation(geometry), storedType: imageType.componentType, geometry };
  });
}

const lps = ([x, y, z]: readonly [number, number, number]): [number, number, number] => [-x + 0, -y + 0, z];

/** What to go on with where ITK refuses a file; it throws numbers and plain errors. One with a code is of our own program: a pipeline that is not where it should be. */
const unlessFault = <T>(refused: T) => (thrown: unknown): T => {
  if (thrown instanceof Error && 'code' in thrown) throw thrown;
  return refused;
};

/** One call after another, and nothing on the console: the library prints there what it throws, and a command's output must be its own. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const next = last.then(async () => {
    const { log, error } = console;
    Object.assign(console, { log: () => undefined, error: () => undefined });
    try {
      return await call();
    } finally {
      Object.assign(console, { log, error });
    }
  });
  last = next.catch(() => undefined);
  return next;
}
