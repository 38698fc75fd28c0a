/** @file Ordinary convolution and its gradients, of one tensor or of two side by side. */
import type { HeapTensor } from '../backend';
import { blockChannels, blocksOf, mostBytes, partsOf } from './convolution/blocks';
import { convolveRowsKernel, convolveRowsPlan } from './convolution/convolve-rows';
import { lineTransform, planeTransform, type LineTransform, type PlaneTransform } from './convolution/line-transform';
import { fourierConvolution, type WeightView } from './convolution/fourier/fourier-convolution';
import { fourierPlan } from './convolution/fourier/fourier-plan';
import { packScratchBytes, packWeightsKernel, panelBytes } from './convolution/pack-weights';
import { blockScratchBytes, weightGradientKernel, weightGradientPlan, weightGradientSumsKernel } from './convolution/weight-gradient';
import type { KernelFactory } from './kernel';

const printed = ({ taps, outputs }: LineTransform): string => `${taps}/${outputs}`;
function compiled<T, K>(compile: (transform: T) => K, key: (transform: T) => string): (transform: T) => K {
  const known = new Map<string, K>();
  return (transform) => {
    const kernels = known.get(key(transform)) ?? compile(transform);
    known.set(key(transform), kernels);
    return kernels;
  };
}

type Names = 'Convolution' | 'ConvolutionBackwardInput' | 'ConvolutionBackwardWeight';
export const convolution: KernelFactory<Names | 'ConvolutionOfTwo' | 'ConvolutionOfTwoBackwardInput' | 'ConvolutionOfTwoBackwardWeight'> = (backend) => {
  const { machine } = backend;
  const { heap } = machine;
  /** Modules by transform, compiled when first needed. */
  const forwardKernels = compiled((transform: PlaneTransform) => machine.load((m) => ({ packWeights: packWeightsKernel(m, transform), convolveRows: convolveRowsKernel(m, transform) })), ({ alongX, alongY }) => `${printed(alongX)} ${printed(alongY)}`);
  const gradientKernels = compiled((transform: LineTransform) => machine.load((m) => ({ weightGradientSums: weightGradientSumsKernel(m, transform), weightGradient: weightGradientKernel(m, transform) })), printed);
  const channelsOf = (tensor: HeapTensor): number => tensor.shape[4];
  const inputFields = ([x, second]: readonly HeapTensor[]) => ({ x: x.pointer, channelsX: channelsOf(x), second: second?.pointer ?? 0, channelsSecond: second ? channelsOf(second) : 0 });

  const fourier = fourierConvolution(backend);
  /** The channels of all inputs, one after the other, convolved to one output for each view of the weights. */
  const convolve = (inputs: readonly HeapTensor[], taps: number, views: readonly WeightView[]) => {
    const { shape } = inputs[0];
    const plan = fourierPlan({ taps, shape, channelsIn: inputs.map(channelsOf), channelsOut: views.map(({ outputs }) => outputs) }, 2);
    if (!plan) return views.map((weights) => filter(inputs, taps, weights));
    const outputs = views.map((weights) => ({ tensor: backend.output([...shape.slice(0, 4), weights.outputs]), weights }));
    fourier.convolve(plan, inputs, outputs);
    return outputs.map(({ tensor }) => tensor.info);
  };
  const filter = (inputs: readonly HeapTensor[], taps: number, weights: WeightView) => {
    const { shape } = inputs[0];
    const transform = planeTransform(taps, shape[3], shape[2]);
    const kernels = forwardKernels(transform);
    const { pointer, inputs: channelsIn, outputs: channelsOut, inputStride, outputStride, tapStride } = weights;
    const y = backend.output([...shape.slice(0, 4), channelsOut]);
    for (const { firstBlock, blocks } of partsOf(blocksOf(channelsOut), Math.floor(mostBytes / panelBytes(transform, 1, channelsIn))))
      heap.borrow(panelBytes(transform, blocks, channelsIn), (panels) => {
        const firstChannel = firstBlock * blockChannels;
        const outputs = channelsOut - firstChannel;
        kernels.packWeights({ weights: pointer + firstChannel * outputStride, panels, blocks, inputs: channelsIn, outputs, inputStride, outputStride, tapStride }, blocks * taps, packScratchBytes(transform));
        const plan = convolveRowsPlan(transform, shape, channelsIn, blocks);
        kernels.convolveRows({ ...inputFields(inputs), panels, y: y.pointer + firstChannel * 4, voxelBytesOut: channelsOut * 4, channelsOut: outputs, ...plan.fields }, plan.items, plan.scratchBytes);
      });
    return y.info;
  };
  const asTheyLie = ({ pointer, shape: [, , , channelsIn, channelsOut] }: HeapTensor): WeightView => ({ pointer, inputs: channelsIn, outputs: channelsOut, inputStride: channelsOut * 4, outputStride: 4, tapStride: channelsIn * channelsOut * 4 });
  const forward = (inputs: readonly HeapTensor[], weight: HeapTensor) => convolve(inputs, weight.shape[0], [asTheyLie(weight)]);
  /** The gradients with respect to inputs of so many channels. */
  const backwardInput = (dy: HeapTensor, { pointer, shape: [taps, , , channelsIn, channelsOut] }: HeapTensor, channels: readonly number[]) => {
    const tapBytes = channelsIn * channelsOut * 4;
    const before = (n: number): number => channels.slice(0, n).reduce((sum, count) => sum + count, 0);
    const views = channels.map((count, n) => ({ pointer: pointer + (taps ** 3 - 1) * tapBytes + before(n) * channelsOut * 4, inputs: channelsOut, outputs: count, inputStride: 4, outputStride: channelsOut * 4, tapStride: -tapBytes }));
    return convolve([dy], taps, views);
  };
  const backwardWeight = (dy: HeapTensor, inputs: readonly HeapTensor[], taps: number) => {
    const { shape } = inputs[0];
    const [channelsIn, channelsOut] = [inputs.reduce((sum, one) => sum + channelsOf(one), 0), channelsOf(dy)];
    const dweight = backend.output([taps, taps, taps, channelsIn, channelsOut]);
    const plan = fourierPlan({ taps, shape, channelsIn: inputs.map(channelsOf), channelsOut: [channelsOut] }, 1);
    if (plan) {
      fourier.weightGradient(plan, dy, inputs, asTheyLie(dweight));
      return dweight.info;
    }
    const transform = lineTransform(taps, shape[3]);
    const kernels = gradientKernels(transform);
    const planOf = (blocks: number) => weightGradientPlan(transform, shape, channelsIn, channelsOut, blocks);
    for (const { firstBlock, blocks } of partsOf(blocksOf(channelsOut), Math.floor(mostBytes / planOf(1).slabBytes))) {
      const { fields, items, scratchBytes, sumBytes } = planOf(blocks);
      heap.borrow(sumBytes, (sums) => {
        kernels.weightGradientSums({ ...inputFields(inputs), dy: dy.pointer, firstBlock, sums, ...fields }, items, scratchBytes);
        kernels.weightGradient({ sums, dweight: dweight.pointer, firstBlock, channelsIn, channelsOut, quads: fields.quads, blocks, slabs: fields.slabs }, blocks * taps ** 2, blockScratchBytes(transform));
      });
    }
    return dweight.info;
  };
  return {
    Convolution: ({ x, weight }) => forward([x], weight),
    ConvolutionBackwardInput: ({ dy, weight }) => backwardInput(dy, weight, [weight.shape[3]]),
    ConvolutionBackwardWeight: ({ dy, x }, { kernelSize }) => [backwardWeight(dy, [x], kernelSize)],
    ConvolutionOfTwo: ({ a, b, weight }) => forward([a, b], weight),
    ConvolutionOfTwoBackwardInput: ({ dy, weight }, { channelsA }) => backwardInput(dy, weight, [channelsA, weight.shape[3] - channelsA]),
    ConvolutionOfTwoBackwardWeight: ({ dy, a, b }, { kernelSize }) => [backwardWeight(dy, [a, b], kernelSize)],
  };
};
