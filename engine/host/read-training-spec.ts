/** @file From a spec file or the name of a preset, with settings given on the command line, to a complete training spec. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { badInput } from '../contract/problem';
import { trainingSpec, type TrainingSpec } from '../contract/training-spec';
import { isFile, isFolder, readJson } from '../data/file-access';

const presetsFolder = fileURLToPath(new URL('../../assets/presets', import.meta.url));
const anyFields = z.record(z.string(), z.unknown());

/** A complete spec, and the file it was read from. */
interface SpecFile {
  readonly spec: TrainingSpec;
  readonly file: string;
  /** Whether file or settings name the side of patches; else it is the default. */
  readonly namesPatchSize: boolean;
}

/** @param settings Texts like `stopping.maximumSteps=100`; a value is JSON where it parses, else text. */
export async function readTrainingSpec(nameOrFile: string, settings: readonly string[], presets = presetsFolder): Promise<SpecFile> {
  const file = await specFile(nameOrFile, presets);
  return completed(file, await readJson(file, anyFields), settings);
}

/** For what needs no data: the file may be a model spec alone, which gets the defaults of a training. Settings are those of a training either way, as `model.features=30`. */
export async function readTrainingOrModelSpec(nameOrFile: string, settings: readonly string[], presets = presetsFolder): Promise<SpecFile> {
  const file = await specFile(nameOrFile, presets);
  const raw = await readJson(file, anyFields);
  if ('model' in raw) return completed(file, raw, settings);
  if (!('architecture' in raw)) throw badInput(`${basename(file)} is neither a training spec nor a model spec: it has no field "model" and no field "architecture".`, 'Give a file as those in assets/presets, or what they have under "model".');
  return completed(file, { schemaVersion: raw['schemaVersion'], name: 'model', data: { dataset: '.' }, model: raw }, settings, 'model');
}

/** @param root the field that is the whole file, where it is only that */
function completed(file: string, raw: Record<string, unknown>, settings: readonly string[], root?: string): SpecFile {
  if (typeof raw['schemaVersion'] === 'number' && raw['schemaVersion'] > 1) throw badInput(`${basename(file)} was written by a newer version of Gyra.`, 'Update Gyra to read it.');
  for (const setting of settings) applySetting(raw, setting);
  const parsed = trainingSpec.safeParse(raw);
  if (!parsed.success) {
    const [{ path: whole, message }] = parsed.error.issues as [z.core.$ZodIssue];
    const path = whole[0] === root ? whole.slice(1) : whole;
    throw badInput(`${basename(file)}: ${path.length ? `field "${path.join('.')}": ` : ''}${message}.`, 'Correct this field; the presets in assets/presets show every field.');
  }
  return { spec: parsed.data, file, namesPatchSize: z.looseObject({ sampling: z.looseObject({ patchSize: z.number() }) }).safeParse(raw).success };
}

/** The data set of a training. */
export async function findDataset({ spec, file }: Pick<SpecFile, 'spec' | 'file'>): Promise<{ spec: TrainingSpec; datasetFolder: string }> {
  const datasetFolder = await findDatasetFolder(spec.data.dataset, file, 'Give it with --set data.dataset=FOLDER, relative to where you are.');
  // records never hold an absolute path
  return { spec: isAbsolute(spec.data.dataset) ? { ...spec, data: { ...spec.data, dataset: basename(spec.data.dataset) } } : spec, datasetFolder };
}

/** The folder of a data set, looked for from where we are and from beside the file that names it. */
export async function findDatasetFolder(path: string, besideFile: string, remedy = 'Give it with --dataset FOLDER.'): Promise<string> {
  for (const folder of [resolve(path), resolve(dirname(besideFile), path)]) if (await isFolder(folder)) return folder;
  throw badInput(`The data set folder ${basename(path)} was not found.`, remedy);
}

async function specFile(nameOrFile: string, presets: string): Promise<string> {
  if (await isFile(nameOrFile)) return nameOrFile;
  const preset = join(presets, `${nameOrFile}.json`);
  if (/^[a-z0-9-]+$/.test(nameOrFile) && (await isFile(preset))) return preset;
  const known = (await readdir(presets).catch(() => [])).map((name) => name.replace(/\.json$/, ''));
  throw badInput(`${basename(nameOrFile)} is neither a spec file nor a preset.`, `Give a JSON file, or one of the presets: ${known.join(', ')}.`);
}

function applySetting(raw: Record<string, unknown>, setting: string): void {
  const equals = setting.indexOf('=');
  if (equals < 1) throw badInput(`--set ${setting} has no value.`, 'Write it as --set stopping.maximumSteps=100.');
  const keys = setting.slice(0, equals).split('.');
  if (keys.some((key) => ['__proto__', 'constructor', 'prototype', ''].includes(key))) throw badInput(`--set ${setting} names no field.`, 'Write it as --set stopping.maximumSteps=100.');
  const text = setting.slice(equals + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // plain text
  }
  const parent = keys.slice(0, -1).reduce<Record<string, unknown>>((at, key) => {
    if (typeof at[key] !== 'object' || at[key] === null) at[key] = {};
    return at[key] as Record<string, unknown>;
  }, raw);
  parent[keys.at(-1)!] = value;
}
