/** @file Depthwise convolution and its gradients. */
import type { HeapTensor, WasmBackend } from '../backend';
import { convolveChannelsKernel } from './depthwise/convolve-channels';
import { kernelGradientKernel } from './depthwise/kernel-gradient';
import { planRegions } from './depthwise/regions';
import type { KernelFactory } from './kernel';

const compile = ({ machine }: WasmBackend, taps: number) => machine.load((m) => ({ convolveChannels: convolveChannelsKernel(m, taps), kernelGradient: kernelGradientKernel(m, taps) }));

export const depthwiseConvolution: KernelFactory<'DepthwiseConvolution' | 'DepthwiseConvolutionBackwardInput' | 'DepthwiseConvolutionBackwardWeight'> = (backend) => {
  const { heap } = backend.machine;
  const compiled = new Map<number, ReturnType<typeof compile>>();
  /** The module of a kernel size, compiled when first needed. */
  const kernelsFor = (taps: number) => {
    if (!compiled.has(taps)) compiled.set(taps, compile(backend, taps));
    return compiled.get(taps)!;
  };
  const convolve = (x: HeapTensor, weight: HeapTensor, turned: boolean) => {
    const [taps, , , channels] = weight.shape;
    const y = backend.output(x.shape);
    const { fields, items, ringBytes } = planRegions(taps, x.shape);
    heap.borrow(fields.vectors * taps ** 3 * 16, (weights) => {
      packVectors(heap.floats(weight.pointer, weight.size), heap.floats(weights, fields.vectors * taps ** 3 * 4), channels, turned);
      kernelsFor(taps).convolveChannels({ x: x.pointer, weights, y: y.pointer, ringBytes, ...fields }, items, ringBytes);
    });
    return [y.info];
  };
  return {
    DepthwiseConvolution: ({ x, weight }) => convolve(x, weight, false),
    DepthwiseConvolutionBackwardInput: ({ dy, weight }) => convolve(dy, weight, true),
    DepthwiseConvolutionBackwardWeight: ({ dy, x }, { kernelSize: taps }) => {
      const channels = x.shape[4];
      const dweight = backend.output([taps, taps, taps, channels]);
      const { fields, items, regions, ringBytes } = planRegions(taps, x.shape);
      const sumSize = fields.vectors * taps ** 3 * 4;
      heap.borrow(regions * sumSize * 4, (sums) => {
        kernelsFor(taps).kernelGradient({ x: x.pointer, dy: dy.pointer, sums, ringBytes, ...fields }, items, ringBytes + fields.planeBytes);
        const partial = heap.floats(sums, regions * sumSize);
        const total = new Float64Array(sumSize);
        for (let region = 0; region < regions; region++) for (let i = 0; i < sumSize; i++) total[i] += partial[region * sumSize + i];
        const result = heap.floats(dweight.pointer, dweight.size);
        for (let tap = 0; tap < taps ** 3; tap++) for (let c = 0; c < channels; c++) result[tap * channels + c] = total[((c >> 2) * taps ** 3 + tap) * 4 + (c & 3)];
      });
      return [dweight.info];
    },
  };
};

/** [tap, channel] to [vector, tap, 4], zeros behind the last channel; `turned` takes the taps from the last to the first. */
function packVectors(weight: Float32Array, packed: Float32Array, channels: number, turned: boolean): void {
  packed.fill(0);
  const taps = weight.length / channels;
  for (let tap = 0; tap < taps; tap++) {
    const from = turned ? taps - 1 - tap : tap;
    for (let c = 0; c < channels; c++) packed[((c >> 2) * taps + tap) * 4 + (c & 3)] = weight[from * channels + c];
  }
}
