/** @file Every operator by name, with its attributes and outputs. A backend maps each name to a kernel in a table typed over `OperatorName`, so that a missing kernel does not compile. */
import type { AlongAxes } from '../contract/network-sizes';
import type { AxisMethod } from '../math/axis-map';
import type { Irreps } from '../math/so3/irreps';
import type { LatticeSpec } from '../math/so3/lattice';

/** Inputs and outputs are tensors named here; layout [batch, z, y, x, channel], float32. */
export interface Operators {
  /** y = steerable convolution of x (weight [functions, paths]) + self-connection (self [selfPaths]). */
  SteerableConvolution: { inputs: 'x' | 'weight' | 'self'; attributes: SteerableConvolutionAttributes; outputs: ['y'] };
  /** All three gradients from one pass over dy. */
  SteerableConvolutionBackward: { inputs: 'dy' | 'x' | 'weight' | 'self'; attributes: SteerableConvolutionAttributes; outputs: ['dx', 'dweight', 'dself'] };
  /** Those of the weights alone, for an input whose gradient nobody reads. */
  SteerableConvolutionBackwardWeight: { inputs: 'dy' | 'x'; attributes: SteerableConvolutionAttributes; outputs: ['dweight', 'dself'] };
  /** Steerable convolution of the channels of a and then those of b, without making their concatenation; a ends where an entry of the irreps does. */
  SteerableConvolutionOfTwo: { inputs: 'a' | 'b' | 'weight' | 'self'; attributes: SteerableConvolutionAttributes; outputs: ['y'] };
  SteerableConvolutionOfTwoBackward: { inputs: 'dy' | 'a' | 'b' | 'weight' | 'self'; attributes: SteerableConvolutionAttributes; outputs: ['da', 'db', 'dweight', 'dself'] };
  SelfConnection: { inputs: 'x' | 'weight' | 'bias'; attributes: IrrepsPair; outputs: ['y'] };
  SelfConnectionBackward: { inputs: 'dy' | 'x' | 'weight'; attributes: IrrepsPair; outputs: ['dx', 'dweight', 'dbias'] };
  /** Ordinary convolution, weight [k, k, k, in, out] over (z, y, x), zero padding, same size, no bias (a norm follows). */
  Convolution: { inputs: 'x' | 'weight'; attributes: Record<never, never>; outputs: ['y'] };
  ConvolutionBackwardInput: { inputs: 'dy' | 'weight'; attributes: Record<never, never>; outputs: ['dx'] };
  ConvolutionBackwardWeight: { inputs: 'dy' | 'x'; attributes: { kernelSize: number }; outputs: ['dweight'] };
  /** Convolution of the channels of a and then those of b, without making their concatenation. */
  ConvolutionOfTwo: { inputs: 'a' | 'b' | 'weight'; attributes: Record<never, never>; outputs: ['y'] };
  ConvolutionOfTwoBackwardInput: { inputs: 'dy' | 'weight'; attributes: { channelsA: number }; outputs: ['da', 'db'] };
  ConvolutionOfTwoBackwardWeight: { inputs: 'dy' | 'a' | 'b'; attributes: { kernelSize: number }; outputs: ['dweight'] };
  /** Each channel with its own kernel, weight [k, k, k, channels] over (z, y, x), zero padding, same size, no bias. */
  DepthwiseConvolution: { inputs: 'x' | 'weight'; attributes: Record<never, never>; outputs: ['y'] };
  DepthwiseConvolutionBackwardInput: { inputs: 'dy' | 'weight'; attributes: Record<never, never>; outputs: ['dx'] };
  DepthwiseConvolutionBackwardWeight: { inputs: 'dy' | 'x'; attributes: { kernelSize: number }; outputs: ['dweight'] };
  /** Row n of y, seen as rows of weight's last axis, is row `rows[n]` of weight: how a group shares weights. */
  GatherRows: { inputs: 'weight'; attributes: RowAttributes; outputs: ['y'] };
  /** `shape` is that of weight. */
  GatherRowsBackward: { inputs: 'dy'; attributes: RowAttributes; outputs: ['dweight'] };
  /** Channels of x run over (group element, output): y is the largest over the `order` elements; the first wins a tie. */
  GroupMaximum: { inputs: 'x'; attributes: { order: number }; outputs: ['y'] };
  GroupMaximumBackward: { inputs: 'dy' | 'x'; attributes: { order: number }; outputs: ['dx'] };
  /** y = a + b, of one shape. */
  Sum: { inputs: 'a' | 'b'; attributes: Record<never, never>; outputs: ['y'] };
  /** Equivariant instance norm; with scalars only it is the ordinary one. weight one a copy, bias one an even scalar copy. */
  InstanceNorm: { inputs: 'x' | 'weight' | 'bias'; attributes: NormAttributes; outputs: ['y'] };
  InstanceNormBackward: { inputs: 'dy' | 'x' | 'weight'; attributes: NormAttributes; outputs: ['dx', 'dweight', 'dbias'] };
  /** Of each batch item: the means of the even scalars [batch, scalar copies], and the squared size of each copy [batch, copies] that InstanceNorm divides by. */
  NormStatistics: { inputs: 'x'; attributes: Omit<NormAttributes, 'epsilon' | 'elements'>; outputs: ['mean', 'square'] };
  /** y = x times one factor a copy (scale [batch, copies]) plus one shift an even scalar (shift [scalar copies]). */
  ScaleCopies: { inputs: 'x' | 'scale' | 'shift'; attributes: { irreps: Irreps }; outputs: ['y'] };
  ScaleCopiesBackward: { inputs: 'dy' | 'x'; attributes: { irreps: Irreps }; outputs: ['dscale', 'dshift'] };
  /** x in the gate's input irreps (`gateLayout`), y in `irreps`. */
  Gate: { inputs: 'x'; attributes: { irreps: Irreps }; outputs: ['y'] };
  GateBackward: { inputs: 'dy' | 'x'; attributes: { irreps: Irreps }; outputs: ['dx'] };
  /** Gate of the instance norm of x; weight and bias for the gate's input irreps. What lies between is never made. */
  GatedInstanceNorm: { inputs: 'x' | 'weight' | 'bias'; attributes: GatedNormAttributes; outputs: ['y'] };
  GatedInstanceNormBackward: { inputs: 'dy' | 'x' | 'weight' | 'bias'; attributes: GatedNormAttributes; outputs: ['dx', 'dweight', 'dbias'] };
  LeakyRelu: { inputs: 'x'; attributes: { slope: number }; outputs: ['y'] };
  LeakyReluBackward: { inputs: 'dy' | 'x'; attributes: { slope: number }; outputs: ['dx'] };
  /** Windows side by side: even scalars by value, all else by norm of the copy; of equal norms the mean (`poolingTie`). */
  MaxPool: { inputs: 'x'; attributes: PoolAttributes; outputs: ['y'] };
  MaxPoolBackward: { inputs: 'dy' | 'x'; attributes: PoolAttributes; outputs: ['dx'] };
  /** One linear map along each axis, the same for every channel: upsampling, averaging, filtering, padding (`axisTaps`). */
  Resample: { inputs: 'x'; attributes: ResampleAttributes; outputs: ['y'] };
  ResampleBackward: { inputs: 'dy'; attributes: ResampleAttributes; outputs: ['dx'] };
  /** Softmax cross-entropy averaged over voxels, and 1 - soft Dice averaged over classes but background, or one of them; labels [batch, z, y, x] int32; loss is a scalar. */
  SegmentationLoss: { inputs: 'logits' | 'labels'; attributes: LossAttributes; outputs: ['loss'] };
  SegmentationLossBackward: { inputs: 'dloss' | 'logits' | 'labels'; attributes: LossAttributes; outputs: ['dlogits'] };
  /** Label of the largest logit, [batch, z, y, x] int32; the first wins a tie. */
  ArgMaxChannels: { inputs: 'x'; attributes: Record<never, never>; outputs: ['labels'] };
  /** One Adam step in place on value, mean and square. */
  AdamStep: { inputs: 'value' | 'gradient' | 'mean' | 'square'; attributes: AdamAttributes; outputs: [] };
}
export type OperatorName = keyof Operators;

/** Name in tfjs's registries: its own LeakyRelu and MaxPool mean something else. */
export const kernelNameOf = (name: OperatorName): string => `Gyra${name}`;

/** Squared norms of a window closer than this fraction of the largest are a tie: rounding must not choose between mirror images, which have equal norms along the edges of a canvas. */
export const poolingTie = 1e-5;

export interface SteerableConvolutionAttributes {
  irrepsIn: Irreps;
  irrepsOut: Irreps;
  /** Of the kernel, one copy of each degree: `1x0e+1x1e+1x2e` in SO(3), `1x0e+1x1o+1x2e` in O(3). e3nn's `irreps_sh`. */
  harmonics: Irreps;
  lattice: LatticeSpec;
}
export interface IrrepsPair {
  irrepsIn: Irreps;
  irrepsOut: Irreps;
}
export interface RowAttributes {
  rows: readonly number[];
  /** Of the result; its last axis is the length of a row. */
  shape: readonly number[];
}
/** What a norm divides a copy by: the root of its mean square component, or its mean norm. */
export type NormSize = 'root-mean-square' | 'mean-norm';
export interface NormAttributes {
  irreps: Irreps;
  epsilon: number;
  /** By root mean square unless it says otherwise. */
  by?: NormSize;
  /** Elements of a group the channels run over, as (element, channel of irreps): a copy's statistics are over them too. 1 without. */
  elements?: number;
}
/** `irreps` are those the gate gives. */
export type GatedNormAttributes = Omit<NormAttributes, 'elements'>;
export interface PoolAttributes {
  irreps: Irreps;
  /** Voxels of a window. */
  extent: AlongAxes;
  /** Squared norms closer than this fraction of the largest are equal; `poolingTie` unless it says otherwise. */
  tie?: number;
}
export interface ResampleAttributes {
  method: AxisMethod;
  /** The factor of a resampling, the voxels of a padding. */
  amount: AlongAxes;
  /** Voxels of the input. */
  size: AlongAxes;
}
export interface LossAttributes {
  /** Unless it says otherwise. */
  crossEntropy?: boolean;
  dice: boolean;
  /** One positive number a class, background first; all 1 without. */
  classWeights?: readonly number[];
  /** Voxels of this label are left out. */
  ignoreLabel?: number;
}
export interface AdamAttributes {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Steps done, this one included, for the bias correction. */
  step: number;
}
