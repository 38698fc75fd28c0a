/** @file Ordinary convolution and its gradients. */
import type { HeapTensor, WasmBackend } from '../backend';
import { blocksOf } from './convolution/blocks';
import { convolveRowsKernel, convolveRowsPlan } from './convolution/convolve-rows';
import { lineTransform, type LineTransform } from './convolution/line-transform';
import { blockScratchBytes, packWeightsKernel, panelBytes } from './convolution/pack-weights';
import { weightGradientKernel, weightGradientPlan, weightGradientSumsKernel } from './convolution/weight-gradient';
import type { KernelFactory } from './kernel';

const compile = ({ machine }: WasmBackend, transform: LineTransform) =>
  machine.load((m) => ({
    packWeights: packWeightsKernel(m, transform),
    convolveRows: convolveRowsKernel(m, transform),
    weightGradientSums: weightGradientSumsKernel(m, transform),
    weightGradient: weightGradientKernel(m, transform),
  }));

export const convolution: KernelFactory<'Convolution' | 'ConvolutionBackwardInput' | 'ConvolutionBackwardWeight'> = (backend) => {
  const { heap } = backend.machine;
  const compiled = new Map<string, ReturnType<typeof compile>>();
  /** The module of a line transform, compiled when first needed. */
  const kernelsFor = (transform: LineTransform) => {
    const key = `${transform.taps} taps, ${transform.outputs} outputs`;
    if (!compiled.has(key)) compiled.set(key, compile(backend, transform));
    return compiled.get(key)!;
  };
  /** Convolution of x with weights [k, k, k, in, out], or with the same turned around and transposed. */
  const convolve = (x: HeapTensor, weight: HeapTensor, transposed: boolean) => {
    const [taps, , , weightIn, weightOut] = weight.shape;
    const [channelsIn, channelsOut] = transposed ? [weightOut, weightIn] : [weightIn, weightOut];
    const transform = lineTransform(taps, x.shape[3]);
    const kernels = kernelsFor(transform);
    const y = backend.output([...x.shape.slice(0, 4), channelsOut]);
    const blocks = blocksOf(channelsOut);
    const panels = heap.allocate(panelBytes(transform, blocks, channelsIn));
    try {
      const tapBytes = weightIn * weightOut * 4;
      const strides = transposed ? { inputStride: 4, outputStride: weightOut * 4, tapStride: -tapBytes } : { inputStride: weightOut * 4, outputStride: 4, tapStride: tapBytes };
      const weights = transposed ? weight.pointer + (taps ** 3 - 1) * tapBytes : weight.pointer;
      kernels.packWeights({ weights, panels, blocks, inputs: channelsIn, outputs: channelsOut, ...strides }, blocks * taps ** 2, blockScratchBytes(transform));
      const plan = convolveRowsPlan(transform, x.shape, channelsIn, channelsOut);
      kernels.convolveRows({ x: x.pointer, panels, y: y.pointer, ...plan.fields }, plan.items, plan.scratchBytes);
    } finally {
      heap.release(panels);
    }
    return [y.info];
  };
  return {
    Convolution: ({ x, weight }) => convolve(x, weight, false),
    ConvolutionBackwardInput: ({ dy, weight }) => convolve(dy, weight, true),
    ConvolutionBackwardWeight: ({ dy, x }, { kernelSize }) => {
      const [channelsIn, channelsOut] = [x.shape[4], dy.shape[4]];
      const transform = lineTransform(kernelSize, x.shape[3]);
      const kernels = kernelsFor(transform);
      const dweight = backend.output([kernelSize, kernelSize, kernelSize, channelsIn, channelsOut]);
      const plan = weightGradientPlan(transform, x.shape, channelsIn, channelsOut);
      const sums = heap.allocate(plan.sumBytes);
      try {
        kernels.weightGradientSums({ x: x.pointer, dy: dy.pointer, sums, ...plan.fields }, plan.items, plan.scratchBytes);
        const { quads, blocks, slabs } = plan.fields;
        kernels.weightGradient({ sums, dweight: dweight.pointer, channelsIn, channelsOut, quads, blocks, slabs }, blocks * kernelSize ** 2, blockScratchBytes(transform));
      } finally {
        heap.release(sums);
      }
      return [dweight.info];
    },
  };
};
