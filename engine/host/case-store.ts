/** @file Cases the worker has open, each on the canvas in which every turn by dial fits. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { planes, type Arguments, type CaseSummary, type OpenCase, type Shape, type Structure } from '../contract/engine-api';
import { acceptedSizes, commonSizes } from '../contract/network-sizes';
import { badInput, GyraError } from '../contract/problem';
import { canvasForPoses } from '../data/canvas';
import { loadCase, openDataset } from '../data/dataset';
import { checkSameGrid, cornersApartVoxels, labelsOf, type LabelVolume } from '../data/labels';
import { geometryNotices } from '../data/nifti-geometry';
import { toRas } from '../data/orientation';
import { prepareCase, type PreparedCase } from '../data/prepared-case';
import { onlyOne, readImageFiles, readScanFile } from '../data/read-scan';
import type { Scan } from '../data/scan';
import { planeRotation } from '../math/rotation';
import { printShape, voxelCount } from '../math/volume';
import { shippedCases, shippedModels } from './shipped-library';

export interface StoredCase extends PreparedCase {
  readonly summary: OpenCase;
  readonly voxelMl: number;
}

export interface CaseStore {
  /** Opens a case, or gives it again. */
  open(args: Arguments<'openCase'>): Promise<StoredCase>;
  /** A case that is open, or a shipped one. @throws GyraError `not-found` for any other. */
  get(caseId: string): Promise<StoredCase>;
}

/** Turns by dial: every whole degree of a half turn in each plane. */
const dialRotations = planes.flatMap((plane) => Array.from({ length: 181 }, (_, degrees) => planeRotation(plane, degrees)));
/** 384^3: canvas and spline coefficients of one such case take half a gigabyte. */
const maximumCanvasVoxels = 384 ** 3;
/** Cases kept open; a shipped one is read again at once. */
const kept = 4;

/** @param assetsFolder holds cases/ */
export function createCaseStore(assetsFolder: string): CaseStore {
  const cases = new Map<string, StoredCase>();

  function keep(stored: StoredCase): StoredCase {
    const { id } = stored.summary;
    cases.delete(id);
    cases.set(id, stored);
    for (const [oldest] of cases) if (cases.size > kept) cases.delete(oldest);
    return stored;
  }

  async function openShipped(caseId: string): Promise<StoredCase> {
    const summary = (await shippedCases(assetsFolder)).find(({ id }) => id === caseId);
    if (!summary) throw new GyraError('not-found', `The case ${caseId} is not open.`, 'Open its file again.');
    const dataset = await openDataset(join(assetsFolder, 'cases'));
    const { images, labels } = await loadCase(dataset, dataset.cases.find(({ id }) => id === caseId)!);
    return prepare(summary, images, labels, dataset.structures);
  }

  async function prepare(summary: CaseSummary, images: readonly Scan[], labels: LabelVolume | null, structures: readonly Structure[], notices: readonly string[] = []): Promise<StoredCase> {
    const [image] = images as readonly [Scan];
    // One canvas that every shipped model accepts, so that they see the same picture.
    const sizes = commonSizes((await shippedModels(assetsFolder)).map(({ spec }) => acceptedSizes(spec)));
    // A cube, so that right angles move voxels exactly.
    const side = Math.max(...canvasForPoses(image.shape, dialRotations, sizes));
    const canvasShape: Shape = [side, side, side];
    if (voxelCount(canvasShape) > maximumCanvasVoxels) throw badInput(`${summary.name} has ${printShape(image.shape)} voxels, too many to turn live.`, 'Crop or resample it to about 250 voxels a side, or segment it upright with gyra predict.');
    const prepared = prepareCase({ images, labels }, canvasShape);
    // The first contrast is shown; all are turned and segmented.
    const [shown, fill] = [prepared.images[0]!.volume.data, prepared.fills[0]!];
    const [sx, sy, sz] = image.spacingMm;
    return {
      ...prepared,
      voxelMl: (sx * sy * sz) / 1000,
      summary: {
        ...summary,
        fileShape: image.shape,
        spacingMm: image.spacingMm,
        orientation: image.orientation,
        canvasShape,
        image: shown,
        fill,
        window: displayWindow(shown, fill),
        reference: prepared.reference?.data ?? null,
        structures,
        notices: [...notices, ...(images.length > 1 ? [`The case has ${images.length} contrasts: the first is shown, all are turned and segmented.`] : [])],
      },
    };
  }

  return {
    async open(args) {
      if ('caseId' in args) return this.get(args.caseId);
      const { files, reference } = args;
      const { name } = files[0]!;
      const images = await readImageFiles(files);
      const [image] = images as [Scan];
      images.slice(1).forEach((other, i) => checkSameGrid(other, files[i + 1]?.name ?? name, image, name));
      const labels = reference ? labelsOf(onlyOne(await readScanFile(reference), reference.name), reference.name, null) : null;
      if (labels && reference) checkSameGrid(labels, reference.name, image, name);
      // The same file has the same id in every engine, so that a window can ask again after a restart.
      const id = `opened-${hashOf([...files, ...(reference ? [reference] : [])])}`;
      return keep(await prepare({ id, name, split: 'opened' }, images.map((one) => toRas(one)), labels && toRas(labels), labels ? structuresIn(labels) : [], headerNotices(image, labels)));
    },
    async get(caseId) {
      return keep(cases.get(caseId) ?? (await openShipped(caseId)));
    },
  };
}

function hashOf(files: readonly { readonly bytes: Uint8Array }[]): string {
  const hash = createHash('sha256');
  for (const { bytes } of files) hash.update(bytes);
  return hash.digest('hex').slice(0, 16);
}

const structuresIn = ({ data }: LabelVolume): Structure[] => [...new Set(data)].filter((value) => value > 0).sort((a, b) => a - b).map((value) => ({ value, name: `Label ${value}` }));

/** Grey range for display: 1st to 99th percentile of the case, without the canvas around it. */
function displayWindow(image: Float32Array, fill: number): [low: number, high: number] {
  const sorted = image.filter((value) => value !== fill).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(0.01), at(0.99)];
}

/** What is odd about the headers as they are stored. */
function headerNotices(image: Scan, labels: LabelVolume | null): string[] {
  const notices = geometryNotices(image.geometry);
  if (image.orientation !== 'RAS') notices.unshift(`The file's axes run ${image.orientation}: they are turned to right, front, up (RAS).`);
  const apart = labels?.orientation === image.orientation ? cornersApartVoxels(labels, image) : 0;
  if (apart > 0.5) notices.push(`Labels and image have headers ${apart.toFixed(1)} voxels apart; they are laid on each other voxel by voxel.`);
  return notices;
}
