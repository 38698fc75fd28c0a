/** @file The cases of a training: checked and hashed when it starts, then read when they are drawn; as many as fit stay in memory. */
import type { Shape, Structure } from '../contract/engine-api';
import { acceptedSizes } from '../contract/network-sizes';
import { badInput, problemFrom } from '../contract/problem';
import { classCount } from '../contract/structure';
import type { RunRecord } from '../contract/run-record';
import type { TrainingSpec } from '../contract/training-spec';
import { canvasFor } from '../data/canvas';
import { loadCase, openDataset, structuresBeside, type Dataset } from '../data/dataset';
import { sha256 } from '../data/file-access';
import { normalise } from '../data/prepared-case';
import { readSplit } from '../data/split';
import { printShape, type Volume } from '../math/volume';
import { TurnedCase } from './turned-case';

export interface TrainingCase {
  readonly id: string;
  /** Normalised intensities of each contrast, and labels, on the case's own grid. */
  readonly images: readonly Volume<Float32Array>[];
  readonly labels: Volume<Uint8Array>;
  readonly fills: readonly number[];
}
/** What a training has to learn from, by name. */
export interface TrainingData {
  readonly structures: readonly Structure[];
  readonly train: readonly string[];
  readonly validation: readonly string[];
  /** SHA-256 of what was read; `image` is that of all contrasts, one after the other. */
  readonly hashes: RunRecord['data'];
  /** Cases left out because they cannot be read, and why. */
  readonly skipped: NonNullable<RunRecord['skipped']>;
  /** How large the volumes of the training cases are. */
  readonly sizes: readonly CaseSize[];
}

export interface CaseSize {
  readonly shape: Shape;
  /** Voxels that hold its labels in every turn of the augmentation. */
  readonly turned: Shape;
}

/** How much of the cases, and of what turning them keeps, stays in memory. */
const memoryBytes = 2 ** 30;

export class CaseReader {
  /** The least recently used first. */
  private readonly kept = new Map<string, TrainingCase>();
  private keptBytes = 0;
  constructor(
    private readonly dataset: Dataset,
    private readonly spec: TrainingSpec,
    private readonly limitBytes = memoryBytes,
  ) {}

  /** @throws GyraError naming the file that is wrong */
  async read(id: string): Promise<TrainingCase> {
    const known = this.kept.get(id);
    if (known) {
      this.kept.delete(id);
      this.kept.set(id, known);
      return known;
    }
    const { images, labels } = await loadCase(this.dataset, filesOf(this.dataset, id), this.spec.lossOptions.ignoreLabel);
    const { normalised, fills } = normalise(images);
    const one = { id, images: normalised, labels, fills };
    this.kept.set(id, one);
    this.keptBytes += this.bytesOf(one);
    for (const [oldest, old] of this.kept) {
      if (this.keptBytes <= this.limitBytes || oldest === id) break;
      this.kept.delete(oldest);
      this.keptBytes -= this.bytesOf(old);
    }
    return one;
  }

  /** With the framed copy and the spline coefficients of each contrast where cases are turned. */
  private bytesOf({ images, labels }: TrainingCase): number {
    const volumes = this.spec.augmentation.rotationDegrees > 0 ? 3 : 1;
    return labels.data.byteLength * 2 + volumes * images.reduce((sum, { data }) => sum + data.byteLength, 0);
  }
}

/**
 * Reads the training and validation cases of the split once; the test cases are never opened.
 * @throws GyraError naming the file that is wrong, what model and data disagree in, or the case that is smaller than a patch
 */
export async function openTrainingData(spec: TrainingSpec, datasetFolder: string): Promise<{ data: TrainingData; reader: CaseReader }> {
  const { skipBroken, split: file, splitSizes: sizes, trainingCases } = spec.data;
  // what is wrong with one case is found again when it is read
  const dataset = await openDataset(datasetFolder, { skipBroken });
  const split = await readSplit(dataset, { file, seed: spec.seed, sizes });
  if (trainingCases !== undefined && trainingCases > split.train.length) throw badInput(`The training asks for ${trainingCases} cases, and the split of ${dataset.name} has ${split.train.length} to train on.`, `Set data.trainingCases to ${split.train.length} at most, or leave it out.`);
  const structures = structuresBeside(spec.lossOptions.ignoreLabel, dataset.structures);
  checkModel(spec, dataset, structures);
  const reader = new CaseReader(dataset, spec);
  const hashes: TrainingData['hashes'] = [];
  const skipped: TrainingData['skipped'] = [];
  const caseSizes: CaseSize[] = [];
  const shapes = new Map<string, Shape>();
  const read = async (part: 'train' | 'validation'): Promise<string[]> => {
    const good: string[] = [];
    for (const id of part === 'train' ? split.train.slice(0, trainingCases) : split.validation) {
      try {
        const { imagePaths, labelPath } = filesOf(dataset, id);
        const one = await reader.read(id);
        hashes.push({ case: id, part, image: await sha256(...imagePaths), label: await sha256(labelPath) });
        good.push(id);
        shapes.set(id, one.labels.shape);
        if (part === 'train') caseSizes.push({ shape: one.labels.shape, turned: new TurnedCase(one, acceptedSizes(spec.model)).largestExtent(spec.augmentation.rotationDegrees) });
      } catch (thrown) {
        if (!skipBroken) throw thrown;
        skipped.push({ case: id, reason: problemFrom(thrown).message });
      }
    }
    if (good.length === 0) throw badInput(`The split leaves no case to ${part === 'train' ? 'train on' : 'validate on'}${skipped.length ? ` (${skipped.length} skipped; ${skipped[0]!.reason})` : ''}.`, 'Add cases, or give a split file with at least one case in train and in validation.');
    return good;
  };
  const [train, validation] = [await read('train'), await read('validation')];
  checkPatch(spec, shapes);
  hashes.sort((a, b) => a.part.localeCompare(b.part) || a.case.localeCompare(b.case));
  return { data: { structures, train, validation, hashes, skipped, sizes: caseSizes }, reader };
}

function checkModel({ model, lossOptions }: TrainingSpec, { name, contrasts, ignoreLabel }: Dataset, structures: readonly Structure[]): void {
  const outputs = classCount(structures);
  if (model.outputs !== outputs) throw badInput(`The model has ${model.outputs} outputs and the data set ${name} has ${outputs} classes with background.`, `Set model.outputs to ${outputs}.`);
  if (model.inputs !== contrasts.length) throw badInput(`The model has ${model.inputs} inputs and the data set ${name} has ${contrasts.length} contrasts a case (${contrasts.join(', ')}).`, `Set model.inputs to ${contrasts.length}.`);
  if (ignoreLabel !== undefined && lossOptions.ignoreLabel !== ignoreLabel) throw badInput(`The data set ${name} ignores the label ${ignoreLabel}, and the training ${lossOptions.ignoreLabel ?? 'none'}.`, `Set lossOptions.ignoreLabel to ${ignoreLabel}.`);
}

/** A patch may be larger than a case along one axis or two: there it is as thick as the canvas. Along all three nothing would be cut. */
function checkPatch({ sampling: { kind, patchSize }, model }: TrainingSpec, shapes: ReadonlyMap<string, Shape>): void {
  const longest = (shape: Shape): number => Math.max(...canvasFor(shape, acceptedSizes(model)));
  const [id, shape] = [...shapes].reduce((smallest, one) => (longest(one[1]) < longest(smallest[1]) ? one : smallest));
  if (kind === 'volume' || longest(shape) >= patchSize) return;
  throw badInput(`A patch of ${patchSize}^3 voxels is larger than case ${id} (${printShape(shape)}) along every axis.`, `Set sampling.patchSize to ${longest(shape)} at most, or sampling.kind to volume, which trains on whole cases.`);
}

function filesOf({ name, cases }: Dataset, id: string): Dataset['cases'][number] {
  const files = cases.find((one) => one.id === id);
  if (!files) throw badInput(`The data set ${name} has no case ${id}.`, 'Correct the split file.');
  return files;
}
