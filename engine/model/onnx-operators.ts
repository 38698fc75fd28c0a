/**
 * @file Our operators in those of ONNX, operator set 11. Ours are [batch, z, y, x, channel], ONNX's [batch, channel, x, y, z]: the axes are turned round, and a vector's
 * components stay (x, y, z).
 */
import { badInput } from '../contract/problem';
import { gaussian } from '../math/axis-map';
import { gateInputIrreps, gateLayout, gateScale } from '../math/so3/gate-irreps';
import { copiesOf, dimension, scalarCopies, type Irreps, type IrrepCopy } from '../math/so3/irreps';
import { selfConnectionMatrix } from '../math/so3/self-connection-matrix';
import { poolingTie, type OperatorName, type Operators } from '../ops/operators';
import type { OnnxAttribute } from './onnx-file';
import type { Constant } from './operator-graph';

/** What a translation writes with. */
export interface OnnxWriter {
  /** Adds a node and gives the name of its output. */
  node(type: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string;
  /** Cuts the channels into equal parts and gives their names. */
  split(input: string, parts: number): readonly string[];
  /** Adds a constant and gives its name. */
  constant(shape: readonly number[], values: ArrayLike<number>): string;
  /** Whole numbers, as indices. */
  indices(values: readonly number[]): string;
}
/** An input is the name of a value, or the constant itself; a feature map has channels. */
export type TranslatedInputs<N extends OperatorName> = Readonly<Record<Operators[N]['inputs'], { readonly name: string; readonly constant?: Constant; readonly channels: number }>>;
type Translation<N extends OperatorName> = (write: OnnxWriter, inputs: TranslatedInputs<N>, attributes: Operators[N]['attributes']) => string;

const volumeAxes = [2, 3, 4];
const one = [1, 1, 1];
const isEvenScalar = ({ degree, parity }: IrrepCopy): boolean => degree === 0 && parity === 1;

/** What a folded network may run. */
export const translations: { readonly [N in OperatorName]?: Translation<N> } = {
  Convolution: (write, { x, weight }) => convolved(write, x.name, weight.constant!),
  /** Each channel with its own kernel: as many groups as channels. */
  DepthwiseConvolution: (write, { x, weight }) => {
    const { shape, data } = weight.constant!;
    const channels = shape[3];
    return convolved(write, x.name, { name: '', shape: [...shape.slice(0, 3), 1, channels], data }, channels);
  },
  ConvolutionOfTwo: (write, { a, b, weight }) => convolved(write, write.node('Concat', [a.name, b.name], { axis: 1 }), weight.constant!),

  SelfConnection: (write, { x, weight, bias }, { irrepsIn, irrepsOut }) => {
    const [channelsIn, channelsOut] = [dimension(irrepsIn), dimension(irrepsOut)];
    const biases = new Float32Array(channelsOut);
    biases.set(bias.constant!.data);
    return channelMap(write, x.name, selfConnectionMatrix(irrepsIn, irrepsOut, weight.constant!.data), channelsIn, channelsOut, biases);
  },

  InstanceNorm: (write, { x, weight, bias }, { irreps, epsilon, by, elements = 1 }) => {
    if (elements > 1) return groupNorm(write, x.name, { irreps, epsilon, elements }, weight.constant!.data, bias.constant!.data);
    const all = copiesOf(irreps);
    const [channels, weights, biases] = [dimension(irreps), weight.constant!.data, bias.constant!.data];
    if (scalarCopies(irreps) === channels) return write.node('InstanceNormalization', [x.name, write.constant([channels], weights), write.constant([channels], biases)], { epsilon: { float: epsilon } });
    const centred = write.node('Sub', [x.name, write.node('Mul', [volumeMean(write, x.name), perChannel(write, irreps, all.map((copy) => (isEvenScalar(copy) ? 1 : 0)))])]);
    const squares = write.node('Mul', [centred, centred]);
    const byNorm = (copy: IrrepCopy): boolean => by === 'mean-norm' && !isEvenScalar(copy);
    const meanSquare = channelMap(write, volumeMean(write, squares), sameCopy(irreps, (copy) => (byNorm(copy) ? 0 : 1 / (2 * copy.degree + 1))), channels, channels);
    const meanNorm = (): string => volumeMean(write, write.node('Sqrt', [channelMap(write, squares, sameCopy(irreps, (copy) => (byNorm(copy) ? 1 : 0)), channels, channels)]));
    const square = by === 'mean-norm' ? write.node('Add', [meanSquare, squared(write, meanNorm())]) : meanSquare;
    const root = write.node('Sqrt', [write.node('Add', [square, write.constant([1], [epsilon])])]);
    const scaled = write.node('Mul', [centred, write.node('Div', [perChannel(write, irreps, [...weights]), root])]);
    return write.node('Add', [scaled, perChannel(write, irreps, shiftsOfCopies(irreps, biases))]);
  },

  ScaleCopies: (write, { x, scale, shift }, { irreps }) => {
    const scaled = write.node('Mul', [x.name, perChannel(write, irreps, [...scale.constant!.data])]);
    return write.node('Add', [scaled, perChannel(write, irreps, shiftsOfCopies(irreps, shift.constant!.data))]);
  },

  Gate: (write, { x }, { irreps }) => {
    const { irrepsIn, scalars, firstGate, gated } = gateLayout(irreps);
    const channels = dimension(irrepsIn);
    // scalars come first in the output, then the gated copies in their order
    const parts = scalars.map(({ from, count, odd }) => scaledBy(write, write.node(odd ? 'Tanh' : 'Relu', [picked(write, x.name, range(from, count), channels)]), odd ? gateScale.tanh : gateScale.relu));
    if (gated.length > 0) {
      const gates = picked(write, x.name, gated.flatMap(({ size }, n) => Array<number>(size).fill(firstGate + n)), channels);
      parts.push(write.node('Mul', [scaledBy(write, write.node('Sigmoid', [gates]), gateScale.sigmoid), picked(write, x.name, gated.flatMap(({ from, size }) => range(from, size)), channels)]));
    }
    return parts.length === 1 ? parts[0]! : write.node('Concat', parts, { axis: 1 });
  },

  GatedInstanceNorm: (write, inputs, { irreps, ...norm }) => {
    const normed = gateInputIrreps(irreps);
    return translations.Gate!(write, { x: { name: translations.InstanceNorm!(write, inputs, { irreps: normed, ...norm }), channels: dimension(normed) } }, { irreps });
  },

  MaxPool: (write, { x }, { irreps, extent, tie = poolingTie }) => {
    const channels = dimension(irreps);
    const pool = (type: 'MaxPool' | 'AveragePool', name: string): string => write.node(type, [name], { kernel_shape: extent, strides: extent });
    const scalars = copiesOf(irreps).flatMap((copy) => (isEvenScalar(copy) ? [copy.start] : []));
    const others = range(0, channels).filter((channel) => !scalars.includes(channel));
    if (others.length === 0) return pool('MaxPool', x.name);
    const turning = picked(write, x.name, others, channels);
    const turningIrreps = irreps.filter(({ degree, parity }) => degree > 0 || parity === -1);
    // 1 where the copy's norm is the window's largest or ties with it; the mean over the window of what passes, over the mean of the mask, is the mean of the winners
    const norms = channelMap(write, squared(write, turning), sameCopy(turningIrreps, () => 1), others.length, others.length);
    const largest = resized(write, pool('MaxPool', norms), extent, { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' });
    const isLess = write.node('Less', [norms, scaledBy(write, largest, 1 - tie)]);
    const mask = write.node('Cast', [write.node('Not', [isLess])], { to: 1 });
    const winners = write.node('Div', [pool('AveragePool', write.node('Mul', [turning, mask])), pool('AveragePool', mask)]);
    if (scalars.length === 0) return winners;
    const together = write.node('Concat', [pool('MaxPool', picked(write, x.name, scalars, channels)), winners], { axis: 1 });
    const from = [...scalars, ...others];
    return picked(write, together, range(0, channels).map((channel) => from.indexOf(channel)), channels);
  },

  Resample: (write, { x }, { method, amount }) => {
    if (method === 'linear') return resized(write, x.name, amount, { mode: 'linear', coordinate_transformation_mode: 'align_corners' });
    if (method === 'average') return write.node('AveragePool', [x.name], { kernel_shape: amount, strides: amount });
    if (method === 'low-pass') return lowPass(write, 'Conv', x, amount, 1);
    if (method === 'low-pass-up') return lowPass(write, 'ConvTranspose', x, amount, amount.reduce((product, factor) => product * factor));
    throw badInput(`This network resamples by ${method}, which ONNX export does not know.`, 'Export it without padding inside.');
  },

  GroupMaximum: (write, { x }, { order }) => write.node('Max', write.split(x.name, order)),
  Sum: (write, { a, b }) => write.node('Add', [a.name, b.name]),
  LeakyRelu: (write, { x }, { slope }) => write.node('LeakyRelu', [x.name], { alpha: { float: slope } }),
};

/** The Gaussian about every factor-th voxel, or its transpose, of each channel by itself. */
function lowPass(write: OnnxWriter, type: 'Conv' | 'ConvTranspose', { name, channels }: { readonly name: string; readonly channels: number }, factors: readonly number[], scale: number): string {
  const [alongX, alongY, alongZ] = factors.map((factor) => gaussian(factor).map(([, weight]) => weight));
  const filter = alongX!.flatMap((x) => alongY!.flatMap((y) => alongZ!.map((z) => x * y * z * scale)));
  const size = [alongX!.length, alongY!.length, alongZ!.length];
  const pads = size.map((length) => (length - 1) / 2);
  return write.node(type, [name, write.constant([channels, 1, ...size], Array.from({ length: channels }, () => filter).flat())], { kernel_shape: size, strides: factors, pads: [...pads, ...pads], group: channels });
}
/** A norm of scalars over group elements and space. */
function groupNorm(write: OnnxWriter, x: string, { irreps, epsilon, elements }: { irreps: Irreps; epsilon: number; elements: number }, weights: ArrayLike<number>, biases: ArrayLike<number>): string {
  const channels = dimension(irreps);
  if (scalarCopies(irreps) !== channels) throw badInput('This network norms vectors over a group, which ONNX export does not know.', 'Predict with gyra itself.');
  const all = elements * channels;
  const overElements = Float64Array.from({ length: all * all }, (_, at) => (Math.floor(at / all) % channels === (at % all) % channels ? 1 / elements : 0));
  const mean = (name: string): string => channelMap(write, volumeMean(write, name), overElements, all, all);
  const repeated = (values: ArrayLike<number>): string => write.constant([1, all, ...one], Array.from({ length: all }, (_, channel) => values[channel % channels]!));
  const centred = write.node('Sub', [x, mean(x)]);
  const root = write.node('Sqrt', [write.node('Add', [mean(squared(write, centred)), write.constant([1], [epsilon])])]);
  return write.node('Add', [write.node('Mul', [centred, write.node('Div', [repeated(weights), root])]), repeated(biases)]);
}
function convolved(write: OnnxWriter, x: string, { shape, data }: Constant, group = 1): string {
  const [size, , , channelsIn, channelsOut] = shape;
  const turned = new Float32Array(data.length);
  let to = 0;
  for (let o = 0; o < channelsOut; o++)
    for (let i = 0; i < channelsIn; i++)
      for (let kx = 0; kx < size; kx++) for (let ky = 0; ky < size; ky++) for (let kz = 0; kz < size; kz++) turned[to++] = data[(((kz * size + ky) * size + kx) * channelsIn + i) * channelsOut + o];
  return write.node('Conv', [x, write.constant([channelsOut, channelsIn, size, size, size], turned)], { kernel_shape: [size, size, size], pads: Array<number>(6).fill((size - 1) / 2), group });
}
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const volumeMean = (write: OnnxWriter, name: string): string => write.node('ReduceMean', [name], { axes: volumeAxes, keepdims: 1 });
const squared = (write: OnnxWriter, name: string): string => write.node('Mul', [name, name]);
const scaledBy = (write: OnnxWriter, name: string, factor: number): string => write.node('Mul', [name, write.constant([1], [factor])]);

/** The volume larger by whole factors; the empty input is a region of interest that this operator set demands and these modes ignore. */
const resized = (write: OnnxWriter, name: string, factors: readonly number[], attributes: Readonly<Record<string, string>>): string => write.node('Resize', [name, write.constant([0], []), write.constant([5], [1, 1, ...factors])], attributes);

/** Some channels of a value, in this order. */
function picked(write: OnnxWriter, name: string, channels: readonly number[], of: number): string {
  const isAll = channels.length === of && channels.every((channel, i) => channel === i);
  return isAll ? name : write.node('Gather', [name, write.indices(channels)], { axis: 1 });
}

/** A matrix [in, out] on the channels of each voxel. */
function channelMap(write: OnnxWriter, name: string, matrix: ArrayLike<number>, channelsIn: number, channelsOut: number, bias?: Float32Array): string {
  const turned = Float32Array.from({ length: channelsIn * channelsOut }, (_, i) => matrix[(i % channelsIn) * channelsOut + Math.floor(i / channelsIn)]);
  return write.node('Conv', [name, write.constant([channelsOut, channelsIn, ...one], turned), ...(bias ? [write.constant([channelsOut], bias)] : [])], { kernel_shape: one });
}

/** One value a copy, repeated for its components, as a constant to multiply or add. */
const perChannel = (write: OnnxWriter, irreps: Irreps, values: readonly number[]): string => write.constant([1, dimension(irreps), ...one], copiesOf(irreps).flatMap(({ degree }, copy) => Array<number>(2 * degree + 1).fill(values[copy])));

/** The shifts of the even scalars, and 0 for every other copy. */
function shiftsOfCopies(irreps: Irreps, shifts: ArrayLike<number>): number[] {
  let scalar = 0;
  return copiesOf(irreps).map((copy) => (isEvenScalar(copy) ? shifts[scalar++] : 0));
}

/** The matrix that gives each component the weighted sum over the components of its copy. */
function sameCopy(irreps: Irreps, weight: (copy: IrrepCopy) => number): Float64Array {
  const channels = dimension(irreps);
  const matrix = new Float64Array(channels * channels);
  for (const copy of copiesOf(irreps)) for (const i of range(copy.start, 2 * copy.degree + 1)) for (const k of range(copy.start, 2 * copy.degree + 1)) matrix[i * channels + k] = weight(copy);
  return matrix;
}
