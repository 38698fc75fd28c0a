/** @file Every operator's slow reference: what the kernels of each backend are compared with. */
import type { OperatorName } from '../operators';
import { adamStep } from './adam-step';
import { argMaxChannels } from './arg-max-channels';
import { convolution, convolutionBackwardInput, convolutionBackwardWeight, convolutionOfTwo, convolutionOfTwoBackwardInput, convolutionOfTwoBackwardWeight } from './convolution';
import { depthwiseConvolution, depthwiseConvolutionBackwardInput, depthwiseConvolutionBackwardWeight } from './depthwise-convolution';
import { gatherRows, gatherRowsBackward } from './gather-rows';
import { gate, gateBackward } from './gate';
import { gatedInstanceNorm, gatedInstanceNormBackward } from './gated-instance-norm';
import { groupMaximum, groupMaximumBackward } from './group-maximum';
import { instanceNorm, instanceNormBackward, normStatistics } from './instance-norm';
import { leakyRelu, leakyReluBackward } from './leaky-relu';
import { maxPool, maxPoolBackward } from './max-pool';
import type { Reference } from './reference';
import { resample, resampleBackward } from './resample';
import { scaleCopies, scaleCopiesBackward } from './scale-copies';
import { segmentationLoss, segmentationLossBackward } from './segmentation-loss';
import { selfConnection, selfConnectionBackward } from './self-connection';
import { steerableConvolution, steerableConvolutionBackward, steerableConvolutionBackwardWeight, steerableConvolutionOfTwo, steerableConvolutionOfTwoBackward } from './steerable-convolution';
import { sum } from './sum';

export const references: { readonly [N in OperatorName]: Reference<N> } = {
  SteerableConvolution: steerableConvolution,
  SteerableConvolutionBackward: steerableConvolutionBackward,
  SteerableConvolutionBackwardWeight: steerableConvolutionBackwardWeight,
  SteerableConvolutionOfTwo: steerableConvolutionOfTwo,
  SteerableConvolutionOfTwoBackward: steerableConvolutionOfTwoBackward,
  SelfConnection: selfConnection,
  SelfConnectionBackward: selfConnectionBackward,
  Convolution: convolution,
  ConvolutionBackwardInput: convolutionBackwardInput,
  ConvolutionBackwardWeight: convolutionBackwardWeight,
  ConvolutionOfTwo: convolutionOfTwo,
  ConvolutionOfTwoBackwardInput: convolutionOfTwoBackwardInput,
  ConvolutionOfTwoBackwardWeight: convolutionOfTwoBackwardWeight,
  DepthwiseConvolution: depthwiseConvolution,
  DepthwiseConvolutionBackwardInput: depthwiseConvolutionBackwardInput,
  DepthwiseConvolutionBackwardWeight: depthwiseConvolutionBackwardWeight,
  GatherRows: gatherRows,
  GatherRowsBackward: gatherRowsBackward,
  GroupMaximum: groupMaximum,
  GroupMaximumBackward: groupMaximumBackward,
  Sum: sum,
  InstanceNorm: instanceNorm,
  InstanceNormBackward: instanceNormBackward,
  NormStatistics: normStatistics,
  ScaleCopies: scaleCopies,
  ScaleCopiesBackward: scaleCopiesBackward,
  Gate: gate,
  GateBackward: gateBackward,
  GatedInstanceNorm: gatedInstanceNorm,
  GatedInstanceNormBackward: gatedInstanceNormBackward,
  LeakyRelu: leakyRelu,
  LeakyReluBackward: leakyReluBackward,
  MaxPool: maxPool,
  MaxPoolBackward: maxPoolBackward,
  Resample: resample,
  ResampleBackward: resampleBackward,
  SegmentationLoss: segmentationLoss,
  SegmentationLossBackward: segmentationLossBackward,
  ArgMaxChannels: argMaxChannels,
  AdamStep: adamStep,
};
