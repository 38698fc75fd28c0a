/**
 * @file The state dict of an e3nn_Unet network (`equivariant_unet_physical_units.UNet` of Diaz, Geiger and McKinley) as a spec and weights of ours. What the state dict shows is
 * read from it: lattices give steps, radial functions (`emb`) diameter and cut-off, weights irreps. Our names of variables are its.
 */
import { modelSpec, type SteerableUnetSpec } from '../contract/model-spec';
import { levelsOf } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { lattice } from '../math/so3/lattice';
import { planVariables } from './build-network';
import { embTolerance, geometryOf, type GeometryOptions } from './import-geometry';
import { endIrreps, hiddenIrreps } from './import-irreps';

export interface StateTensor {
  /** As in safetensors; it says how the numbers are rounded. */
  readonly dtype?: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}
export type StateDict = ReadonlyMap<string, StateTensor>;

/** What replaces the inferred value; pooling leaves no trace in a state dict, and neither does padding. */
export interface ImportOptions extends GeometryOptions {
  readonly padding?: SteerableUnetSpec['padding'];
  readonly pooling?: 'norm' | 'average';
  /** Of the ends: in O(3) the sizes of weights may fit either parity. */
  readonly inputIrreps?: string;
  readonly outputIrreps?: string;
}
export interface ImportedNetwork {
  readonly spec: SteerableUnetSpec;
  /** By name, as the network of the spec wants them. */
  readonly weights: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** Buffers and what of e3nn has no elements or is made again from the irreps; `lattice` and `emb` are compared. */
const ignored = /(^|\.)(lattice|emb|sh|output_mask)$|\.tp\.|^gate|\.gate\d\.|\.mul\.|sc\.bias$|^out\.bias$|_w3j_|num_batches_tracked$/;
const authorsPrograms = 'Give a state dict of e3nn_Unet (equivariant_unet_physical_units), or a model that gyra train wrote.';

/**
 * @param fileName names the file in messages
 * @throws GyraError where it is another architecture (names the tensors that differ), where something stays ambiguous (names the option), or where `emb` is not what the spec gives
 */
export function importE3nnUnet(stored: StateDict, options: ImportOptions, fileName: string): ImportedNetwork {
  const first = 'down.down_blocks.0';
  const state = withoutPrefix(stored, `${first}.conv1.weight`);
  const missing = [`${first}.conv1.weight`, `${first}.conv2.weight`, `${first}.conv2.sc.weight`, 'out.weight'].filter((name) => !state.has(name));
  if (missing.length > 0) throw badInput(`${fileName} holds another architecture: it has no ${missing.join(', no ')}, but ${listed([...state.keys()])}.`, authorsPrograms);
  const poolings = [...state.keys()].filter((name) => /^down\.down_blocks\.\d+\.conv1\.weight$/.test(name)).length - 1;
  const geometry = geometryOf(state, poolings, options, fileName);
  const { counts, ...hidden } = hiddenIrreps(state, first, fileName);
  const spec = specFrom({
    poolings,
    ...geometry,
    ...hidden,
    ...endIrreps(state, { ...hidden, counts }, poolings, options, fileName),
    normalisation: { kind: normalisation(state, first) },
    // e3nn_Unet pools odd scalars by signed value
    pooling: options.pooling === 'average' ? 'average' : hidden.equivariance === 'O3' ? 'signed-norm' : 'norm',
    bias: (state.get('bias')?.shape[0] ?? 0) > 0,
    padding: options.padding ?? 'front',
  });
  const plan = planVariables(spec);
  const differing = plan.flatMap(({ name, shape }) => {
    const stored = state.get(name);
    return stored?.shape.join() === shape.join() ? [] : [`${name} is ${stored ? `[${stored.shape.join(', ')}]` : 'missing'} instead of [${shape.join(', ')}]`];
  });
  const known = new Set(plan.map(({ name }) => name));
  const unknown = [...state].filter(([name, { shape }]) => !known.has(name) && !ignored.test(name) && !shape.includes(0)).map(([name]) => `${name} belongs to nothing`);
  if (differing.length + unknown.length > 0) throw badInput(`${fileName} holds another architecture: ${listed([...differing, ...unknown], '; ')}.`, authorsPrograms);
  checkRadialFunctions(state, spec, fileName);
  return { spec, weights: new Map(plan.map(({ name, shape }) => [name, { shape, data: Float32Array.from(state.get(name)!.data, Number) }])) };
}

/** Names as the network itself gives them; programs that wrap it put their own in front (`module.` of data-parallel training, `_orig_mod.` of compilation). */
function withoutPrefix(state: StateDict, known: string): StateDict {
  const prefix = [...state.keys()].find((name) => name.endsWith(`.${known}`))?.slice(0, -known.length) ?? '';
  return new Map([...state].map(([name, value]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, value]));
}

function specFrom(fields: Record<string, unknown>): SteerableUnetSpec {
  const parsed = modelSpec.safeParse({ architecture: 'steerable-unet', ...fields });
  if (!parsed.success || parsed.data.architecture !== 'steerable-unet') throw badInput(`The network goes beyond what a model can be here: ${parsed.error?.issues[0]?.path.join('.')}: ${parsed.error?.issues[0]?.message}.`, 'Correct the option that sets it, or import a smaller network.');
  return parsed.data;
}

function normalisation(state: StateDict, block: string): SteerableUnetSpec['normalisation']['kind'] {
  if (!((state.get(`${block}.batchnorm1.weight`)?.shape[0] ?? 0) > 0)) return 'none';
  return (state.get(`${block}.batchnorm1.running_var`)?.shape[0] ?? 0) > 0 ? 'batch' : 'instance';
}

/** The self-check: `emb` of every convolution, recomputed from the spec. */
function checkRadialFunctions(state: StateDict, spec: SteerableUnetSpec, fileName: string): void {
  const levels = levelsOf(spec);
  for (const [name, emb] of state) {
    const found = /^(down|up)\.\w+_blocks\.(\d+)\.conv\d\.emb$/.exec(name);
    if (!found) continue;
    const { shape, data } = emb;
    const { diameter, steps } = levels[found[1] === 'down' ? Number(found[2]) : spec.poolings - 1 - Number(found[2])]!;
    const { reach, taps } = lattice({ diameter, steps, radialFunctions: spec.radialFunctions, cutoff: spec.cutoff });
    const extents = reach.map((voxels) => 2 * voxels + 1);
    const expected = new Float64Array(extents[0]! * extents[1]! * extents[2]! * spec.radialFunctions);
    for (const { offset, basis } of taps) expected.set(basis, (((offset[0] + reach[0]) * extents[1]! + offset[1] + reach[1]) * extents[2]! + offset[2] + reach[2]) * spec.radialFunctions);
    const isSame = shape.join() === [...extents, spec.radialFunctions].join() && expected.every((value, i) => Math.abs(value - Number(data[i])) < embTolerance(emb));
    if (!isSame) throw badInput(`${fileName}: ${name} is not what diameter ${diameter}, steps ${steps.join(' x ')} and cut-off ${spec.cutoff ? 'on' : 'off'} give.`, 'Correct --diameter, --steps or --cutoff, or leave them out: they are read from the file.');
  }
}

/** The first few, and how many more. */
const listed = (items: readonly string[], between = ', '): string => `${items.slice(0, 4).join(between)}${items.length > 4 ? ` and ${items.length - 4} more` : ''}`;
