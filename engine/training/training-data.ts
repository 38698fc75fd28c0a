/** @file The cases of a training in memory: normalised once, upright, with the hashes the record keeps. */
import { createHash } from 'node:crypto';
import type { Structure } from '../contract/engine-api';
import { badInput } from '../contract/problem';
import type { TrainingSpec } from '../contract/training-spec';
import { readBytes } from '../data/file-access';
import { loadCase, openDataset } from '../data/dataset';
import { normalise } from '../data/prepared-case';
import { readSplit } from '../data/split';
import type { Volume } from '../math/volume';

export interface TrainingCase {
  readonly id: string;
  /** Normalised intensities of each contrast, and labels, on the case's own grid. */
  readonly images: readonly Volume<Float32Array>[];
  readonly labels: Volume<Uint8Array>;
  readonly fills: readonly number[];
}
export interface TrainingData {
  readonly structures: readonly Structure[];
  readonly train: readonly TrainingCase[];
  readonly validation: readonly TrainingCase[];
  /** SHA-256 of what was read; `image` is that of all contrasts, one after the other. */
  readonly hashes: readonly { case: string; part: 'train' | 'validation'; image: string; label: string }[];
}

/** Reads the training and validation cases of the split; the test cases are never opened. Throws a GyraError naming the file that is wrong. */
export async function loadTrainingData(spec: TrainingSpec, datasetFolder: string): Promise<TrainingData> {
  const dataset = await openDataset(datasetFolder);
  const split = await readSplit(dataset, { file: spec.data.split, seed: spec.seed, sizes: spec.data.splitSizes });
  const { ignoreLabel } = spec.lossOptions;
  const structures = dataset.structures.filter(({ value }) => value !== ignoreLabel);
  const outputs = Math.max(0, ...structures.map(({ value }) => value)) + 1;
  if (spec.model.outputs !== outputs) throw badInput(`The model has ${spec.model.outputs} outputs and the data set ${dataset.name} has ${outputs} classes with background.`, `Set model.outputs to ${outputs}.`);
  const { contrasts } = dataset;
  if (spec.model.inputs !== contrasts.length) throw badInput(`The model has ${spec.model.inputs} inputs and the data set ${dataset.name} has ${contrasts.length} contrasts a case (${contrasts.join(', ')}).`, `Set model.inputs to ${contrasts.length}.`);
  const wanted = { train: split.train.slice(0, spec.data.trainingCases), validation: split.validation };
  for (const part of ['train', 'validation'] as const) if (wanted[part].length === 0) throw badInput(`The split leaves no case to ${part === 'train' ? 'train on' : 'validate on'}.`, 'Add cases, or give a split file with at least one case in train and in validation.');
  const hashes: TrainingData['hashes'][number][] = [];
  const load = (part: 'train' | 'validation') =>
    Promise.all(
      wanted[part].map(async (id): Promise<TrainingCase> => {
        const files = dataset.cases.find((one) => one.id === id)!;
        const { images, labels } = await loadCase(dataset, files, ignoreLabel);
        hashes.push({ case: id, part, image: await sha256(...files.imagePaths), label: await sha256(files.labelPath) });
        const { normalised, fills } = normalise(images);
        return { id, images: normalised, labels, fills };
      }),
    );
  const [train, validation] = [await load('train'), await load('validation')];
  hashes.sort((a, b) => a.part.localeCompare(b.part) || a.case.localeCompare(b.case));
  return { structures, train, validation, hashes };
}

async function sha256(...paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(await readBytes(path));
  return hash.digest('hex');
}
