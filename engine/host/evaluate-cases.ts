/** @file A trained network on cases of a data set, as `gyra evaluate` and studies do it. */
import { join } from 'node:path';
import { acceptedSizes } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import type { RunRecord } from '../contract/run-record';
import { classCount } from '../contract/structure';
import { loadCase, structuresBeside, type CaseFiles, type Dataset } from '../data/dataset';
import { farFromCubic } from '../data/nifti-geometry';
import { readSplit, readSubjects, type Split } from '../data/split';
import { evaluate, type Evaluation, type EvaluationOptions } from '../evaluation/evaluate';
import { predictVolume } from '../evaluation/predict-volume';
import { trainedMargin, trainedPatch, type LoadedNetwork } from '../training/weights-file';
import { exists } from '../data/file-access';

export interface CasesOptions extends Pick<EvaluationOptions, 'protocols' | 'degrees' | 'isCancelled'> {
  /** What the network is called in messages. */
  readonly name: string;
  /** Side of the windows of volumes that are larger; default that of the patches the network was trained on. */
  readonly patch?: number;
  readonly onProgress: (done: number, of: number) => void;
}

/** Needs a backend that has been started. */
export async function evaluateCases({ network, spec, record }: LoadedNetwork, dataset: Dataset, chosen: readonly CaseFiles[], { name, patch = trainedPatch(record), onProgress, ...options }: CasesOptions): Promise<Evaluation> {
  const ignoreLabel = record?.spec.lossOptions.ignoreLabel ?? dataset.ignoreLabel;
  const structures = structuresBeside(ignoreLabel, dataset.structures);
  if (classCount(structures) > spec.outputs) throw badInput(`${name} tells ${spec.outputs - 1} structures apart, and ${dataset.name} has ${classCount(structures) - 1}.`, 'Evaluate the model on a data set with the structures it was trained on.');
  if (dataset.contrasts.length !== spec.inputs) throw badInput(`${name} takes ${spec.inputs} contrasts of each case, and ${dataset.name} has ${dataset.contrasts.length} (${dataset.contrasts.join(', ')}).`, 'Evaluate the model on a data set with the contrasts it was trained on.');
  const subjectOf = await readSubjects(dataset, await splitFileOf(dataset, record));
  const cases = chosen.map((one) => ({
    id: one.id,
    subject: subjectOf(one.id),
    async load() {
      const loaded = await loadCase(dataset, one, ignoreLabel);
      if (options.protocols.length > 0) for (const notice of farFromCubic(loaded.images[0]!.spacingMm)) process.stderr.write(`${one.id}: ${notice}\n`);
      return loaded;
    },
  }));
  return evaluate((images, shape, isCancelled) => predictVolume(network, images, shape, { isCancelled, windowSize: patch }), cases, { ...options, structures, ignoreLabel, sizes: acceptedSizes(spec), margin: trainedMargin(record) }, onProgress);
}

/** The split a model was trained with, where the data set has it. */
export const splitOf = async (dataset: Dataset, trained?: RunRecord): Promise<Split> => readSplit(dataset, { file: await splitFileOf(dataset, trained), seed: trained?.spec.seed ?? 0, sizes: trained?.spec.data.splitSizes });

async function splitFileOf(dataset: Dataset, trained?: RunRecord): Promise<string | undefined> {
  const file = trained?.spec.data.split;
  return file && (await exists(join(dataset.folder, file))) ? file : undefined;
}

/** Cases of a data set by their names, each once. */
export function casesNamed(dataset: Dataset, names: readonly string[]): CaseFiles[] {
  return [...new Set(names)].map((id) => {
    const found = dataset.cases.find((one) => one.id === id);
    if (!found) throw badInput(`${dataset.name} has no case ${id}.`, 'Correct the name; gyra info on the data set says what it holds.');
    return found;
  });
}
