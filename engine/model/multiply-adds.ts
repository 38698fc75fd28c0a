/**
 * @file Multiply-adds of an operator, from shapes alone. Linear maps are counted exactly, as if the padding around a volume were computed: one for each product that is added up.
 * All other operators (norms, gates, pooling, losses, Adam, copies) count one for each element they read. A steerable convolution is counted as the factorised
 * algorithm computes it, never the dense kernel; what Fourier transforms and minimal filtering save is left out.
 */
import type { ResampleAttributes, SteerableConvolutionAttributes, OperatorName, Operators } from '../ops/operators';
import { axisTaps } from '../math/axis-map';
import { clebschGordan, couples } from '../math/so3/clebsch-gordan';
import { dimension, type Irreps } from '../math/so3/irreps';
import { lattice } from '../math/so3/lattice';
import { sphericalHarmonics } from '../math/so3/spherical-harmonics';
import { pathsOf, selfPathsOf } from '../math/so3/steerable-paths';

type Shape = readonly number[];
/** One call of an operator, without its tensors. */
export type OperatorShapes = { readonly [N in OperatorName]: { readonly name: N; readonly shapes: Readonly<Record<Operators[N]['inputs'], Shape>>; readonly attributes: Operators[N]['attributes'] } }[OperatorName];
type Formula<N extends OperatorName> = (shapes: Readonly<Record<Operators[N]['inputs'], Shape>>, attributes: Operators[N]['attributes']) => number;

const elements = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);
const voxels = (shape: Shape): number => elements(shape.slice(0, 4));
const allRead = (shapes: Readonly<Record<string, Shape>>): number => Object.values(shapes).reduce((sum, shape) => sum + elements(shape), 0);
const channels = (shape: Shape): number => shape[4];

/** voxels k^3 in out; the same for both gradients. */
const formulas: { readonly [N in OperatorName]: Formula<N> } = {
  Convolution: ({ x, weight }) => voxels(x) * elements(weight),
  ConvolutionBackwardInput: ({ dy, weight }) => voxels(dy) * elements(weight),
  ConvolutionBackwardWeight: ({ dy, x }, { kernelSize }) => elements(dy) * kernelSize ** 3 * channels(x),
  ConvolutionOfTwo: ({ a, weight }) => voxels(a) * elements(weight),
  ConvolutionOfTwoBackwardInput: ({ dy, weight }) => voxels(dy) * elements(weight),
  ConvolutionOfTwoBackwardWeight: ({ dy, a, b }, { kernelSize }) => elements(dy) * kernelSize ** 3 * (channels(a) + channels(b)),
  DepthwiseConvolution: ({ x, weight }) => voxels(x) * elements(weight),
  DepthwiseConvolutionBackwardInput: ({ dy, weight }) => voxels(dy) * elements(weight),
  DepthwiseConvolutionBackwardWeight: ({ dy }, { kernelSize }) => elements(dy) * kernelSize ** 3,
  SelfConnection: ({ x }, { irrepsIn, irrepsOut }) => voxels(x) * mixing(selfPathsOf(irrepsIn, irrepsOut), irrepsOut),
  SelfConnectionBackward: ({ dy }, { irrepsIn, irrepsOut }) => 2 * voxels(dy) * mixing(selfPathsOf(irrepsIn, irrepsOut), irrepsOut),
  SteerableConvolution: ({ x }, attributes) => voxels(x) * steered(attributes),
  SteerableConvolutionOfTwo: ({ a }, attributes) => voxels(a) * steered(attributes),
  SteerableConvolutionBackward: ({ dy }, attributes) => voxels(dy) * steeredBack(attributes),
  SteerableConvolutionOfTwoBackward: ({ dy }, attributes) => voxels(dy) * steeredBack(attributes),
  /** Streams of x, mixed once. */
  SteerableConvolutionBackwardWeight: ({ x }, attributes) => voxels(x) * steered(attributes),
  Resample: ({ x }, attributes) => x[0] * channels(x) * resampling(attributes),
  ResampleBackward: ({ dy }, attributes) => dy[0] * channels(dy) * resampling(attributes),
  GatherRows: allRead, GatherRowsBackward: allRead, GroupMaximum: allRead, GroupMaximumBackward: allRead, Sum: allRead, InstanceNorm: allRead, InstanceNormBackward: allRead, NormStatistics: allRead,
  ScaleCopies: allRead, ScaleCopiesBackward: allRead, Gate: allRead, GateBackward: allRead, GatedInstanceNorm: allRead, GatedInstanceNormBackward: allRead, LeakyRelu: allRead, LeakyReluBackward: allRead, MaxPool: allRead, MaxPoolBackward: allRead,
  SegmentationLoss: allRead, SegmentationLossBackward: allRead, ArgMaxChannels: allRead, AdamStep: allRead,
};

export const multiplyAdds = ({ name, shapes, attributes }: OperatorShapes): number => (formulas[name] as (s: typeof shapes, a: typeof attributes) => number)(shapes, attributes);

/** Copies in times components out, for each path. */
const mixing = (paths: ReturnType<typeof selfPathsOf>, irrepsOut: Irreps): number =>
  paths.reduce((sum, { multiplicityIn, multiplicityOut, entryOut }) => sum + multiplicityIn * multiplicityOut * (2 * irrepsOut[entryOut].degree + 1), 0);

/** Of one voxel. */
const steered = (attributes: SteerableConvolutionAttributes): number => streams(attributes) + mixed(attributes);
/** Of one voxel: streams are made of dy, once, and mixed for both gradients. */
const steeredBack = (attributes: SteerableConvolutionAttributes): number => streams({ ...attributes, irrepsIn: attributes.irrepsOut, irrepsOut: attributes.irrepsIn }) + 2 * mixed(attributes);

/**
 * Of one voxel, the factorised steerable convolution up to its streams. For each component in: patterns in the plane, of which each harmonic on each shell has one, up to a factor, for each plane of equal y,
 * and each distinct one is summed once; these patterns into the harmonics of each shell; the shells into each radial function that is not zero there. For each copy in: the Clebsch-Gordan
 * coefficients that are not zero, for each harmonic, kind of irrep out and radial function that lives on the lattice.
 */
function streams({ irrepsIn, irrepsOut, harmonics, lattice: spec }: SteerableConvolutionAttributes): number {
  const { taps } = lattice(spec);
  const shells = groups(taps, ({ radius }) => radius.toPrecision(9));
  const patterns = new Map<string, number>();
  const degrees = harmonics.map(({ degree, parity }) => {
    const met = shells.filter(([{ radius }]) => radius > 0 || degree === 0);
    let inPlanes = 0;
    for (const shell of met)
      for (let component = 0; component < 2 * degree + 1; component++)
        for (const plane of groups(shell, ({ offset }) => String(offset[1]))) {
          const values = plane.map(({ offset: [x, , z], point }) => ({ x, z, value: sphericalHarmonics(degree, point)[degree ** 2 + component] })).filter(({ value }) => Math.abs(value) > 1e-9);
          if (values.length === 0) continue;
          inPlanes++;
          patterns.set(values.map(({ x, z, value }) => `${x} ${z} ${(value / values[0].value).toFixed(6)}`).join(), values.length);
        }
    const bases = met.map(([{ basis }]) => basis);
    return { degree, parity, inPlanes, inFunctions: (2 * degree + 1) * bases.flat().filter((value) => value !== 0).length, functions: liveCount(bases) };
  });
  const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
  const perComponent = sum([...patterns.values(), ...degrees.map(({ inPlanes, inFunctions }) => inPlanes + inFunctions)]);
  const outKinds = [...new Map(irrepsOut.map((irrep) => [`${irrep.degree} ${irrep.parity}`, irrep])).values()];
  const couplings = irrepsIn.map((input) => {
    const perCopy = degrees.flatMap(({ degree, parity, functions }) =>
      outKinds.filter((output) => input.parity * parity === output.parity && couples(input.degree, degree, output.degree)).map((output) => functions * clebschGordan(input.degree, degree, output.degree).filter((value) => Math.abs(value) > 1e-9).length),
    );
    return input.multiplicity * sum(perCopy);
  });
  return dimension(irrepsIn) * perComponent + sum(couplings);
}

/** Of one voxel: every stream with its weight, and the self-connection. */
function mixed({ irrepsIn, irrepsOut, harmonics, lattice: spec }: SteerableConvolutionAttributes): number {
  const { taps } = lattice(spec);
  const functionsOf = (degree: number): number => liveCount(taps.filter(({ radius }) => radius > 0 || degree === 0).map(({ basis }) => basis));
  const convolution = pathsOf(irrepsIn, irrepsOut, harmonics).reduce((sum, path) => sum + functionsOf(path.degree) * mixing([path], irrepsOut), 0);
  return convolution + mixing(selfPathsOf(irrepsIn, irrepsOut), irrepsOut);
}

function groups<T>(items: readonly T[], key: (item: T) => string): readonly (readonly T[])[] {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(key(item), [...(found.get(key(item)) ?? []), item]);
  return [...found.values()];
}

/** Radial functions that are not zero at every shell. */
const liveCount = (bases: readonly (readonly number[])[]): number => (bases[0] ?? []).filter((_, b) => bases.some((basis) => basis[b] !== 0)).length;

/** One channel, along x, then y, then z. */
function resampling({ method, amount, size }: ResampleAttributes): number {
  const [x, y, z] = [0, 1, 2].map((axis) => axisTaps(method, amount[axis], size[axis]));
  const read = (lines: typeof x): number => lines.reduce((sum, taps) => sum + taps.length, 0);
  return read(x) * size[1] * size[2] + x.length * read(y) * size[2] + x.length * y.length * read(z);
}
