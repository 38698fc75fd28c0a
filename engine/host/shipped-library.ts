/** @file The cases and models that ship with the program: assets/cases (a Medical Segmentation Decathlon folder) and assets/models (run folders). */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelSummary } from '../contract/engine-api';
import { badInput } from '../contract/problem';
import { runRecord, type RunRecord } from '../contract/run-record';
import type { Library } from './live-engine';

const architectureNames = { 'steerable-unet': 'Steerable', unet: 'Ordinary' } as const;

/** @param assetsFolder holds cases/ and models/ */
export function shippedLibrary(assetsFolder: string): Library {
  return { cases: async () => [], models: () => shippedModels(join(assetsFolder, 'models')) };
}

/** A model's folder below `assetsFolder`. */
export const modelFolder = (assetsFolder: string, modelId: string): string => join(assetsFolder, 'models', modelId);

async function shippedModels(folder: string): Promise<ModelSummary[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.sort().map((id) => summarise(folder, id)));
}

async function summarise(folder: string, id: string): Promise<ModelSummary> {
  const parsed = runRecord.safeParse(JSON.parse(await readFile(join(folder, id, 'run.json'), 'utf8')));
  if (!parsed.success) throw badInput(`The run record of ${id} cannot be read: ${parsed.error.issues[0].message}.`, 'Install Gyra again; its models are damaged.');
  const record = parsed.data;
  return {
    id,
    name: architectureNames[record.spec.model.architecture],
    spec: record.spec.model,
    parameters: record.parameters,
    training: trainingInALine(record),
    structures: record.structures,
    testCurve: record.evaluation?.curve ?? [],
  };
}

function trainingInALine({ data, steps, spec, wallSeconds }: RunRecord): string {
  const cases = data.filter(({ part }) => part === 'train').length;
  return `${cases} cases, ${steps} steps, seed ${spec.seed}, ${Math.round(wallSeconds / 60)} minutes, no rotation augmentation`;
}
