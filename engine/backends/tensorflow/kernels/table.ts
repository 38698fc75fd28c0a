/** @file Every operator's kernel on TensorFlow. The type asks for all of `OperatorName`: a missing kernel does not compile. */
import { registerKernel, tidy, type Tensor } from '@tensorflow/tfjs-core';
import { kernelNameOf, type OperatorName } from '../../../ops/operators';
import { obey } from '../../obey';
import { adamStep } from './adam-step';
import { argMaxChannels } from './arg-max-channels';
import { convolution } from './convolution';
import { depthwiseConvolution } from './depthwise-convolution';
import { gate } from './gate';
import { gatedInstanceNorm } from './gated-instance-norm';
import { gatherRows } from './gather-rows';
import { groupMaximum } from './group-maximum';
import { instanceNorm } from './instance-norm';
import { createConstants, type Constant, type KernelFunction } from './kernel';
import { leakyRelu } from './leaky-relu';
import { maxPool } from './max-pool';
import { resample } from './resample';
import { segmentationLoss } from './segmentation-loss';
import { selfConnection } from './self-connection';
import { steerableConvolution } from './steerable-convolution';
import { sum } from './sum';

const kernelTable = (constant: Constant): { [N in OperatorName]: KernelFunction<N> } => ({
  ...adamStep(constant),
  ...argMaxChannels(constant),
  ...convolution(constant),
  ...depthwiseConvolution(constant),
  ...gate(constant),
  ...gatedInstanceNorm(constant),
  ...gatherRows(constant),
  ...groupMaximum(constant),
  ...instanceNorm(constant),
  ...leakyRelu(constant),
  ...maxPool(constant),
  ...resample(constant),
  ...segmentationLoss(constant),
  ...selfConnection(constant),
  ...steerableConvolution(constant),
  ...sum(constant),
});

/**
 * Registers all kernels. They use tfjs's own operations only, so any tfjs backend can run them; tests run them on its plain one.
 * @param cancel as `BackendOptions.cancel` has it, read before each operator
 */
export function registerKernels(backendName: string, cancel?: Int32Array): void {
  for (const [name, kernel] of Object.entries(kernelTable(createConstants())))
    registerKernel({
      kernelName: kernelNameOf(name as OperatorName),
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        if (cancel) obey(cancel);
        // operators are run by runOperator, which gives tensors
        return tidy(() => (kernel as (inputs: Record<string, Tensor>, attributes: unknown) => Tensor[])(inputs as unknown as Record<string, Tensor>, attrs));
      },
    });
}
