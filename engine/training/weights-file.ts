/** @file Trained weights on disk: one safetensors file that says what network it belongs to, or the run folder that holds it. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { modelSpec, type ModelSpec } from '../contract/model-spec';
import { badInput } from '../contract/problem';
import { runRecord, type RunRecord } from '../contract/run-record';
import { structure, type Structure } from '../contract/structure';
import { readBytes, readJson, writeByRename } from '../data/file-access';
import { readSafetensors, writeSafetensors } from '../data/safetensors';
import { planVariables } from '../model/build-network';
import { stateOf, type Network } from '../model/network';
import { networkWithWeights } from '../model/network-with-weights';

const structureList = z.array(structure);

/** Writes weights, spec and structures by rename. */
export async function saveWeights(network: Network, path: string, structures: readonly Structure[]): Promise<void> {
  const tensors = new Map([...stateOf(network)].map(([name, value]) => [name, { dtype: 'F32' as const, shape: value.shape, data: value.dataSync<'float32'>() }]));
  await writeByRename(path, writeSafetensors(tensors, { spec: JSON.stringify(network.spec), structures: JSON.stringify(structures) }));
}

export interface LoadedNetwork {
  readonly network: Network;
  readonly spec: ModelSpec;
  readonly structures: readonly Structure[];
  /** Of the run it comes from, where the path is a run folder. */
  readonly record?: RunRecord;
}

/** Side of the patches a network was trained on; undefined where it saw whole volumes, or nothing says what it saw. */
export const trainedPatch = (record: RunRecord | undefined): number | undefined => (record?.spec.sampling.kind === 'patch' ? record.spec.sampling.patchSize : undefined);

/**
 * Voxels of fill an axis, in all, that a network is shown around a case: half of the largest margin where it was trained on whole volumes, whose norms it learned with fill around them; none in its patches, or
 * where nothing says what it saw. Half is the mean margin; on validation cases more changed little (docs/results.md).
 */
export const trainedMargin = (record: RunRecord | undefined): number => (record?.spec.sampling.kind === 'volume' ? Math.round(record.spec.sampling.marginVoxels / 2) : 0);

/**
 * The network of a run folder (its best weights) or of a .safetensors file.
 * @throws GyraError where the path is neither, the file is damaged or of a newer version, or tensors do not fit the spec.
 */
export async function loadNetwork(path: string): Promise<LoadedNetwork> {
  const folder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const file = folder ? join(path, 'best.safetensors') : path;
  if (!folder && /\.(pt|pth|ckpt)$/i.test(file)) throw badInput(`${basename(file)} is a PyTorch checkpoint, and does not say which network its weights belong to.`, 'Turn it into a model first: gyra import FILE -o MODEL.safetensors.');
  if (folder && !(await stat(file).catch(() => undefined))) throw badInput(`${basename(path)} holds no best.safetensors, so there is no trained network in it.`, 'Give the folder of a run that has finished an epoch, or a .safetensors file.');
  const { tensors, metadata } = readSafetensors(await readBytes(file), folder ? `${basename(path)}/best.safetensors` : basename(path));
  const record = folder ? await readJson(join(path, 'run.json'), runRecord) : undefined;
  const spec = readMetadata(metadata['spec'], modelSpec, basename(file));
  const structures = readMetadata(metadata['structures'], structureList, basename(file));
  // before anything of the spec's size is made
  const plan = planVariables(spec);
  const problems = plan.flatMap(({ name, shape }) => {
    const stored = tensors.get(name);
    if (!stored) return [`${name} is missing`];
    if (stored.shape.join() !== shape.join()) return [`${name} is [${stored.shape.join(', ')}] instead of [${shape.join(', ')}]`];
    return stored.data instanceof BigInt64Array ? [`${name} holds whole numbers`] : [];
  });
  const names = new Set(plan.map(({ name }) => name));
  problems.push(...[...tensors.keys()].filter((name) => !names.has(name)).map((name) => `${name} has no place in it`));
  if (problems.length) throw badInput(`${basename(file)} does not fit its own spec: ${problems.slice(0, 3).join('; ')}${problems.length > 3 ? `; and ${problems.length - 3} more` : ''}.`, 'Give the weights file of this architecture, or train it again.');
  const network = networkWithWeights(spec, new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data as Exclude<typeof data, BigInt64Array>) }])));
  return { network, spec, structures, record };
}

function readMetadata<T>(text: string | undefined, parser: z.ZodType<T>, file: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw badInput(`${file} does not say which network its weights belong to.`, 'Give a file written by gyra train.');
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > 1) throw badInput(`${file} was written by a newer version of Gyra.`, 'Update Gyra to read it.');
  const parsed = parser.safeParse(value);
  if (!parsed.success) throw badInput(`${file} holds a spec that cannot be read: ${parsed.error.issues[0]?.message}.`, 'Give a file written by gyra train.');
  return parsed.data;
}
