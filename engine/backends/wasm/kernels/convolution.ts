/** @file Ordinary convolution and its gradients. */
import type { HeapTensor, WasmBackend } from '../backend';
import { blocksOf, paddedChannels } from './convolution/blocks';
import { convolveRowsKernel, convolveRowsPlan } from './convolution/convolve-rows';
import { lineTransform, type LineTransform } from './convolution/line-transform';
import { packScratchBytes, packWeightsKernel, panelBytes } from './convolution/pack-weights';
import type { KernelFactory } from './kernel';

const compile = ({ machine }: WasmBackend, transform: LineTransform) => machine.load((m) => ({ packWeights: packWeightsKernel(m, transform), convolveRows: convolveRowsKernel(m, transform) }));

export const convolution: KernelFactory<'Convolution' | 'ConvolutionBackwardInput'> = (backend) => {
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
    const { heap } = backend.machine;
    const [blocks, paddedInputs] = [blocksOf(channelsOut), paddedChannels(channelsIn)];
    const panels = heap.allocate(panelBytes(transform, blocks, paddedInputs));
    try {
      const tapBytes = weightIn * weightOut * 4;
      const strides = transposed ? { inputStride: 4, outputStride: weightOut * 4, tapStride: -tapBytes } : { inputStride: weightOut * 4, outputStride: 4, tapStride: tapBytes };
      const weights = transposed ? weight.pointer + (taps ** 3 - 1) * tapBytes : weight.pointer;
      kernels.packWeights({ weights, panels, inputs: channelsIn, paddedInputs, outputs: channelsOut, ...strides }, blocks * taps ** 2, packScratchBytes(transform));
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
  };
};
