/** @file Phantoms as a data set on disk: `brain` as the Medical Segmentation Decathlon lays it out, `tumour` as nnU-Net's raw data; both with split.json. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PhantomKind, PhantomSettings } from '../../contract/phantom-settings';
import { badInput } from '../../contract/problem';
import { writeFolderByRename } from '../file-access';
import { writeVolume } from '../nifti';
import type { Geometry } from '../nifti-geometry';
import type { Split } from '../split';
import { phantomCase, phantomContrasts, type PhantomCase } from './phantom-case';
import { brainStructures, tumourRegions } from './tissues';

export interface PhantomDataset {
  readonly kind: PhantomKind;
  readonly cases: number;
  readonly seed: number;
  readonly settings: PhantomSettings;
}

/**
 * Writes a data set beside its place and renames it: the folder is there whole or not at all. Same arguments, same bytes.
 * @param onProgress what it throws ends the writing, as a cancel does
 * @throws GyraError where the folder exists or there are too few cases for the three parts of a split.
 */
export async function writePhantomDataset(folder: string, dataset: PhantomDataset, onProgress: (done: number, of: number) => void = () => {}): Promise<void> {
  const { kind, cases, seed, settings } = dataset;
  if (cases < 3) throw badInput(`${cases} phantoms cannot be split into training, validation and test.`, 'Make at least 3.');
  const ids = Array.from({ length: cases }, (_, index) => `${kind}_${String(index + 1).padStart(3, '0')}`);
  await writeFolderByRename(folder, async (temporary) => {
    for (const subfolder of ['imagesTr', 'labelsTr']) await mkdir(join(temporary, subfolder), { recursive: true });
    for (const [index, id] of ids.entries()) {
      const { images, labels, spacingMm } = phantomCase(kind, settings, seed, index);
      const geometry = centredGeometry(labels.shape, spacingMm);
      for (const [channel, image] of images.entries()) {
        const name = kind === 'brain' ? `${id}.nii.gz` : `${id}_${String(channel).padStart(4, '0')}.nii.gz`;
        await writeFile(join(temporary, 'imagesTr', name), writeVolume(image, geometry, name));
      }
      await writeFile(join(temporary, 'labelsTr', `${id}.nii.gz`), writeVolume(labels, geometry, `${id}.nii.gz`));
      onProgress(index + 1, cases);
    }
    const made = { seed, settings };
    await writeFile(join(temporary, 'dataset.json'), json({ ...(kind === 'brain' ? decathlon(ids) : nnunetRaw(ids)), phantom: made }));
    await writeFile(join(temporary, 'split.json'), json(splitOf(ids)));
  });
}

/** A fifth tests, a fifth validates, at least one each; phantoms are independent, so their order is as good as any. */
function splitOf(ids: readonly string[]): Split {
  const part = Math.max(1, Math.round(ids.length / 5));
  return { train: ids.slice(0, -2 * part), validation: ids.slice(-2 * part, -part), test: ids.slice(-part) };
}

const decathlon = (ids: readonly string[]): object => ({
  name: 'Brain phantoms',
  description: 'Heads that never were, made by Gyra',
  tensorImageSize: '3D',
  modality: { 0: 'T1' },
  labels: Object.fromEntries(['background', ...brainStructures].map((name, value) => [value, name])),
  numTraining: ids.length,
  numTest: 0,
  training: ids.map((id) => ({ image: `./imagesTr/${id}.nii.gz`, label: `./labelsTr/${id}.nii.gz` })),
  test: [],
});

/** https://github.com/MIC-DKFZ/nnUNet, documentation/dataset_format.md and region_based_training.md. */
const nnunetRaw = (ids: readonly string[]): object => ({
  name: 'Tumour phantoms',
  description: 'Brains and tumours that never were, made by Gyra',
  channel_names: Object.fromEntries(phantomContrasts('tumour').map((name, channel) => [channel, name])),
  labels: { background: 0, ...tumourRegions },
  regions_class_order: [1, 2, 3],
  numTraining: ids.length,
  file_ending: '.nii.gz',
});

/** RAS, the world's origin in the middle of the volume. */
function centredGeometry(shape: PhantomCase['labels']['shape'], [dx, dy, dz]: PhantomCase['spacingMm']): Geometry {
  const [x, y, z] = [dx, dy, dz].map((size, axis) => (-size * (shape[axis] - 1)) / 2);
  return { pixdim: [1, dx, dy, dz], unitsCode: 2, qformCode: 1, quaternion: [0, 0, 0], qoffset: [x, y, z], sformCode: 1, sform: [dx, 0, 0, x, 0, dy, 0, y, 0, 0, dz, z] };
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
