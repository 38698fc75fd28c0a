import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type BackendHandle } from '../../engine/backends/choose';
import type { HeapTensor } from '../../engine/backends/wasm/backend';
import { fourierConvolution } from '../../engine/backends/wasm/kernels/convolution/fourier/fourier-convolution';
import { fourierPlan } from '../../engine/backends/wasm/kernels/convolution/fourier/fourier-plan';
import type { NumberArray } from '../../engine/ops/reference/reference';
import { references } from '../../engine/ops/reference/references';
import { relativeError } from '../support/relative-error';
import { randomArray } from './describe-kernel';

describe('the plan', () => {
  it('leaves few voxels and few channels to minimal filtering, and other kernel sizes', () => {
    expect(fourierPlan({ taps: 5, shape: [1, 64, 64, 64], channelsIn: [1], channelsOut: [30] }, 2)).toBeUndefined();
    expect(fourierPlan({ taps: 5, shape: [1, 4, 4, 4], channelsIn: [30], channelsOut: [30] }, 2)).toBeUndefined();
    expect(fourierPlan({ taps: 7, shape: [1, 64, 64, 64], channelsIn: [30], channelsOut: [30] }, 2)).toBeUndefined();
  });
  it('takes the lengths that waste least', () => {
    expect(fourierPlan({ taps: 5, shape: [1, 48, 16, 24], channelsIn: [8], channelsOut: [30] }, 2)).toMatchObject({ lengths: [12, 20, 20], outputs: [8, 16, 16], tiles: [3, 1, 3] });
  });
  it('keeps spectra within its bytes', () => {
    for (const channels of [15, 60, 120, 240]) {
      const plan = fourierPlan({ taps: 5, shape: [1, 64, 64, 64], channelsIn: [channels, 2 * channels], channelsOut: [channels] }, 2)!;
      expect(plan.kernelBytes).toBeLessThanOrEqual(64 * 2 ** 20);
      expect(plan.slabBytesIn + plan.slabBytesOut).toBeLessThanOrEqual(64 * 2 ** 20);
    }
  });
});

describe('in several slabs and several parts of the outputs', () => {
  let handle: BackendHandle;
  beforeAll(async () => {
    handle = await startBackend({ threads: 2 });
  });
  afterAll(() => handle.dispose());
  const shape = [2, 16, 15, 24];
  const [channelsA, channelsB, channelsOut] = [6, 3, 11];
  const a = randomArray('a', ...shape, channelsA);
  const b = randomArray('b', ...shape, channelsB);
  const dy = randomArray('dy', ...shape, channelsOut);
  const weight = randomArray('weight', 5, 5, 5, channelsA + channelsB, channelsOut);
  const view = { inputs: channelsA + channelsB, outputs: channelsOut, inputStride: channelsOut * 4, outputStride: 4, tapStride: (channelsA + channelsB) * channelsOut * 4 };
  const plan = fourierPlan({ taps: 5, shape, channelsIn: [channelsA, channelsB], channelsOut: [channelsOut] }, 1, 0.75 * 2 ** 20)!;

  function result(inputs: readonly NumberArray[], out: readonly number[], run: (inputs: readonly HeapTensor[], out: HeapTensor) => void): Float32Array {
    const { heap } = handle.backend.machine;
    const tensors = [...inputs.map(({ shape }) => shape), out].map((shape) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return { pointer: heap.allocate(size * 4), shape, size };
    });
    inputs.forEach(({ data }, i) => heap.floats(tensors[i].pointer, data.length).set(data));
    const target = tensors.at(-1)!;
    heap.floats(target.pointer, target.size).fill(NaN);
    run(tensors, target);
    const values = heap.floats(target.pointer, target.size).slice();
    for (const { pointer } of tensors) heap.release(pointer);
    return values;
  }

  it('has them', () => {
    expect(plan.tileCount).toBeGreaterThan(2 * plan.tilesPerSlab);
    expect(plan.vectorsPerPart).toBe(1);
  });
  it('gives the convolution', () => {
    const { y } = references.ConvolutionOfTwo({ a, b, weight }, {});
    const values = result([a, b, weight], y.shape, ([a, b, { pointer }], tensor) => fourierConvolution(handle.backend).convolve(plan, [a, b], [{ tensor, weights: { ...view, pointer } }]));
    expect(relativeError(values, y.data)).toBeLessThan(2e-6);
  });
  it('gives the gradient of the weights', () => {
    const { dweight } = references.ConvolutionOfTwoBackwardWeight({ dy, a, b }, { kernelSize: 5 });
    const values = result([a, b, dy], dweight.shape, ([a, b, dy], { pointer }) => fourierConvolution(handle.backend).weightGradient(plan, dy, [a, b], { ...view, pointer }));
    expect(relativeError(values, dweight.data)).toBeLessThan(2e-6);
  });
});
