/** @file The cases and models that ship with the program: assets/cases (a Medical Segmentation Decathlon folder) and assets/models (run folders). */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseSummary, ModelSummary } from '../contract/engine-api';
import { ratioOf } from '../contract/irreps-text';
import type { ModelSpec } from '../contract/model-spec';
import { runRecord, type RunRecord } from '../contract/run-record';
import { readJson } from '../data/file-access';
import { openDataset } from '../data/dataset';
import { parts, readSplit } from '../data/split';

const architectureNames = { 'steerable-unet': 'Steerable', unet: 'Ordinary', 'group-unet': 'Group' } as const;
const architectures = Object.keys(architectureNames);

export async function shippedCases(assetsFolder: string): Promise<CaseSummary[]> {
  const dataset = await openDataset(join(assetsFolder, 'cases'));
  const split = await readSplit(dataset, { seed: 0 });
  return dataset.cases.map(({ id }) => ({ id, name: id, split: parts.find((part) => split[part].includes(id))! }));
}

/** A model's folder below `assetsFolder`. */
export const modelFolder = (assetsFolder: string, modelId: string): string => join(assetsFolder, 'models', modelId);

export async function shippedModels(assetsFolder: string): Promise<ModelSummary[]> {
  const folders = await readdir(join(assetsFolder, 'models'), { withFileTypes: true }).catch(() => []);
  const ids = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const records = await Promise.all(ids.sort().map(async (id) => ({ id, record: await readJson(join(modelFolder(assetsFolder, id), 'run.json'), runRecord) })));
  // steerable models first, which the program is about; of a kind the smallest, then the one that saw the fewest turns, which Explore opens with
  const rank = ({ spec, parameters }: RunRecord): readonly number[] => [architectures.indexOf(spec.model.architecture), parameters, spec.augmentation.rotationDegrees];
  const difference = (a: readonly number[], b: readonly number[]): number => a.map((value, i) => value - b[i]!).find((one) => one !== 0) ?? 0;
  const models = records.sort((a, b) => difference(rank(a.record), rank(b.record))).map(({ id, record }) => summarise(id, record));
  // two of one kind are told apart wherever only a name stands
  return models.map((model) => (models.filter(({ name }) => name === model.name).length > 1 ? { ...model, name: `${model.name} ${widthName(model.spec)}` } : model));
}

const widthName = (spec: ModelSpec): string => (spec.architecture === 'steerable-unet' ? ratioOf(spec.irreps) : String(spec.features));

function summarise(id: string, record: RunRecord): ModelSummary {
  const { data, evaluation, parameters, spec, steps, structures, wallSeconds } = record;
  const turn = spec.augmentation.rotationDegrees;
  const cases = data.filter(({ part }) => part === 'train').length;
  return {
    id,
    name: `${architectureNames[spec.model.architecture]}${turn ? ` ±${turn}°` : ''}`,
    spec: spec.model,
    parameters,
    training: `${cases} cases${turn ? `, turned by up to ${turn}°` : ''}, ${steps} steps, seed ${spec.seed}, ${Math.round(wallSeconds / 60)} minutes`,
    structures,
    testCurve: evaluation?.curve ?? [],
  };
}
