/** @file Irreps of an e3nn_Unet network from the sizes of its weights: those whose plan has the same sizes. */
import type { SteerableUnetSpec } from '../contract/model-spec';
import { badInput } from '../contract/problem';
import { gateInputIrreps } from '../math/so3/gate-irreps';
import { copies, dimension, harmonicIrreps, parseIrreps, printIrreps, scalarCopies, type Irreps } from '../math/so3/irreps';
import { pathsOf, selfPathsOf, weightsOf } from '../math/so3/steerable-paths';
import type { StateDict } from './import-e3nn-unet';

type HiddenIrreps = Pick<SteerableUnetSpec, 'irreps' | 'upIrreps' | 'equivariance' | 'maximumDegree'>;
type EndIrreps = Pick<SteerableUnetSpec, 'inputs' | 'inputIrreps' | 'outputs' | 'outputIrreps' | 'upIrreps'>;

const parities = { SO3: [1], O3: [1, -1] } as const;
const entry = (multiplicity: number, degree: number, parity: 1 | -1) => ({ multiplicity, degree, parity });
const present = (irreps: Irreps): Irreps => irreps.filter(({ multiplicity }) => multiplicity > 0);
const upTo = (count: number): number[] => Array.from({ length: count + 1 }, (_, n) => n);
const sizeOf = (state: StateDict, name: string): number | undefined => (state.has(name) ? state.get(name)!.shape.reduce((product, size) => product * size, 1) : undefined);
/** Whether a size is as expected, or not stored. */
const agrees = (stored: number | undefined, expected: number): boolean => stored === undefined || stored === 0 || stored === expected;

/** As many scalars, vectors and rank-2 tensors of each parity; on the way up e3nn_Unet orders them by parity first. */
const ordered = (equivariance: 'SO3' | 'O3', [s, v, t]: readonly number[], isUp: boolean): Irreps => {
  const of = parities[equivariance];
  const turning = isUp ? of.flatMap((parity) => [entry(v!, 1, parity), entry(t!, 2, parity)]) : [v!, t!].flatMap((multiplicity, i) => of.map((parity) => entry(multiplicity, i + 1, parity)));
  return present([...of.map((parity) => entry(s!, 0, parity)), ...turning]);
};

/** @throws GyraError where no irreps of e3nn_Unet have weights of these sizes */
export function hiddenIrreps(state: StateDict, block: string, fileName: string): HiddenIrreps & { readonly counts: readonly number[] } {
  const self = sizeOf(state, `${block}.conv2.sc.weight`)!;
  const columns = state.get(`${block}.conv2.weight`)!.shape[1];
  // a network of more is none of ours, and a size made up must not be searched for ever
  const most = Math.min(512, Math.floor(Math.sqrt(self)));
  const found = (['SO3', 'O3'] as const).flatMap((equivariance) => {
    const sides = parities[equivariance].length;
    return upTo(most).flatMap((s) => upTo(most).flatMap((v) => {
      // the gates are even scalars too: self = sides (s^2 + s (v + t) + v^2 + t^2), solved for t
      const t = Math.round((Math.sqrt(Math.max(0, s * s + 4 * (self / sides - s * s - s * v - v * v))) - s) / 2);
      if (s === 0 || t < 0 || sides * (s * s + s * (v + t) + v * v + t * t) !== self) return [];
      const irreps = ordered(equivariance, [s, v, t], false);
      const gated = gateInputIrreps(irreps);
      if (!agrees(sizeOf(state, `${block}.batchnorm1.weight`), copies(gated)) || !agrees(sizeOf(state, `${block}.batchnorm1.bias`), scalarCopies(gated)) || !agrees(sizeOf(state, `${block}.conv2.tp.output_mask`), dimension(gated))) return [];
      return upTo(3).flatMap((maximumDegree) => {
        const harmonics = harmonicIrreps(maximumDegree, equivariance === 'O3' ? -1 : 1);
        const isSame = weightsOf(pathsOf(irreps, gated, harmonics)) === columns && agrees(state.get(`${block}.conv2.sh`)?.shape[3], (maximumDegree + 1) ** 2);
        return isSame ? [{ equivariance, maximumDegree, irreps: printIrreps(irreps), counts: [s, v, t] }] : [];
      });
    }));
  });
  // several: the authors' ratio, 4:2:1, is the likeliest
  const [one] = found.sort((a, b) => ratioDistance(a.counts) - ratioDistance(b.counts));
  if (!one) throw badInput(`${fileName} holds another architecture: no irreps give ${block}.conv2.weight [${state.get(`${block}.conv2.weight`)!.shape.join(', ')}] with ${block}.conv2.sc.weight [${self}].`, 'Give a state dict of e3nn_Unet (equivariant_unet_physical_units).');
  return one;
}
const ratioDistance = ([s, v, t]: readonly number[]): number => Math.abs(s! - 2 * v!) + Math.abs(v! - 2 * t!);

/** Irreps on the way up, of the input and of the output; those that are `asked` for are not inferred. */
export function endIrreps(state: StateDict, { equivariance, maximumDegree, counts }: ReturnType<typeof hiddenIrreps>, poolings: number, asked: { readonly inputIrreps?: string; readonly outputIrreps?: string }, fileName: string): EndIrreps {
  const down = ordered(equivariance, counts, false);
  const up = upIrreps(state, equivariance, counts, poolings);
  const input = asked.inputIrreps === undefined ? inputIrreps(state, down, equivariance, maximumDegree) : parseIrreps(asked.inputIrreps);
  const output = asked.outputIrreps === undefined ? outputIrreps(state, poolings === 0 ? down : up, equivariance) : parseIrreps(asked.outputIrreps);
  if (!input || !output) throw badInput(`${fileName} holds another architecture: no irreps give its ${input ? 'out.weight' : 'down.down_blocks.0.conv1.weight'}.`, 'Say what they are with --input-irreps and --output-irreps, or give a state dict of e3nn_Unet.');
  const isScalar = (irreps: Irreps): boolean => irreps.every(({ degree, parity }) => degree === 0 && parity === 1);
  return {
    inputs: dimension(input),
    ...(!isScalar(input) && { inputIrreps: printIrreps(input) }),
    outputs: dimension(output),
    ...(!isScalar(output) && { outputIrreps: printIrreps(output) }),
    ...(printIrreps(up) !== printIrreps(down) && { upIrreps: printIrreps(up) }),
  };
}

/** Scalars alone where the block's self-connection has their size, twice as many as on the way down. */
function upIrreps(state: StateDict, equivariance: 'SO3' | 'O3', counts: readonly number[], poolings: number): Irreps {
  const scalars = ordered(equivariance, [2 * counts[0]!, 0, 0], true);
  const size = sizeOf(state, `up.up_blocks.${poolings - 1}.conv2.sc.weight`);
  return size === weightsOf(selfPathsOf(scalars, gateInputIrreps(scalars))) ? scalars : ordered(equivariance, counts, true);
}

/** Scalars before vectors, few before many: the simplest ends that fit. Where reflections count, vectors and rank-2 tensors have the parity of their degree before the other: sizes may not tell. */
function endCandidates(equivariance: 'SO3' | 'O3', scalars: readonly number[], most: number): Irreps[] {
  const ofParities = equivariance === 'SO3' ? ([[1, 1]] as const) : ([[-1, 1], [1, 1], [-1, -1], [1, -1]] as const);
  return ofParities.flatMap(([vectors, tensors]) => upTo(most).flatMap((t) => upTo(most).flatMap((v) => scalars.map((s) => present([entry(s, 0, 1), entry(v, 1, vectors), entry(t, 2, tensors)]))))).filter((irreps) => dimension(irreps) > 0);
}

function inputIrreps(state: StateDict, irreps: Irreps, equivariance: 'SO3' | 'O3', maximumDegree: number): Irreps | undefined {
  const [gated, harmonics] = [gateInputIrreps(irreps), harmonicIrreps(maximumDegree, equivariance === 'O3' ? -1 : 1)];
  const [self, columns] = [sizeOf(state, 'down.down_blocks.0.conv1.sc.weight'), state.get('down.down_blocks.0.conv1.weight')!.shape[1]];
  return endCandidates(equivariance, upTo(16), 4).find((input) => weightsOf(pathsOf(input, gated, harmonics)) === columns && weightsOf(selfPathsOf(input, gated)) === (self ?? 0));
}

function outputIrreps(state: StateDict, last: Irreps, equivariance: 'SO3' | 'O3'): Irreps | undefined {
  const [size, biases, channels] = [sizeOf(state, 'out.weight'), sizeOf(state, 'bias') ?? 0, sizeOf(state, 'out.output_mask')];
  return endCandidates(equivariance, biases > 0 ? [biases] : upTo(64), 8).find((output) => weightsOf(selfPathsOf(last, output)) === size && agrees(channels, dimension(output)));
}
