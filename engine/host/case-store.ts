/** @file Cases the worker has open, each on the canvas in which every turn by dial fits (design, section 7). */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { planes, type Arguments, type CaseSummary, type OpenCase, type Shape, type Structure } from '../contract/engine-api';
import { acceptedSizes, commonSizes } from '../contract/network-sizes';
import { badInput, GyraError } from '../contract/problem';
import { canvasForPoses } from '../data/canvas';
import { checkSameGrid, readLabels, type LabelVolume } from '../data/labels';
import { loadCase, openDataset } from '../data/dataset';
import { readImage, type NiftiVolume } from '../data/nifti';
import { isFarFromCubic } from '../data/nifti-geometry';
import { prepareCase, type PreparedCase } from '../data/prepared-case';
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

  async function prepare(summary: CaseSummary, images: readonly NiftiVolume[], labels: LabelVolume | null, structures: readonly Structure[]): Promise<StoredCase> {
    const [image] = images as readonly [NiftiVolume];
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
        notices: noticesOn(image),
      },
    };
  }

  return {
    async open(args) {
      if ('caseId' in args) return this.get(args.caseId);
      const { file, reference } = args;
      const image = readImage(file.bytes, file.name);
      const labels = reference ? readLabels(reference.bytes, reference.name, null) : null;
      if (labels && reference) checkSameGrid(labels, reference.name, image, file.name);
      // The same file has the same id in every engine, so that a window can ask again after a restart.
      const id = `opened-${createHash('sha256').update(file.bytes).update(reference?.bytes ?? '').digest('hex').slice(0, 16)}`;
      return keep(await prepare({ id, name: file.name, split: 'opened' }, [image], labels, labels ? structuresIn(labels) : []));
    },
    async get(caseId) {
      return keep(cases.get(caseId) ?? (await openShipped(caseId)));
    },
  };
}

const structuresIn = ({ data }: LabelVolume): Structure[] => [...new Set(data)].filter((value) => value > 0).sort((a, b) => a - b).map((value) => ({ value, name: `Label ${value}` }));

/** Grey range for display: 1st to 99th percentile of the case, without the canvas around it. */
function displayWindow(image: Float32Array, fill: number): [low: number, high: number] {
  const sorted = image.filter((value) => value !== fill).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(0.01), at(0.99)];
}

function noticesOn({ spacingMm, orientation }: NiftiVolume): string[] {
  const notices: string[] = [];
  if (orientation !== 'RAS') notices.push(`The file's axes run ${orientation}, not RAS: planes and directions are named as if they ran right, front, up.`);
  if (isFarFromCubic(spacingMm)) notices.push('Voxels are far from cubes: turning works on voxels, so the turned anatomy is distorted.');
  return notices;
}
