/** @file Convolutions and their weight gradients by Fourier transforms of tiles: runs the kernels of this folder slab by slab. */
import type { HeapTensor, WasmBackend } from '../../../backend';
import { share } from '../blocks';
import { complexBytes, vectorLanes } from './fourier-transform';
import { vectorsOf, type FourierPlan } from './fourier-plan';
import { kernelGradientKernel, kernelItems, kernelScratchBytes, kernelSpectraKernel, waves } from './kernel-spectra';
import { spectralGradientKernel, spectralProductKernel } from './spectral-products';
import { slabOf, spectraKernel, tileScratchBytes, tilesKernel, type Channels } from './tile-spectra';

/** Where the weights of an output, an input and a tap along x are, in bytes: as they lie, or turned around and transposed for the gradient. */
export interface WeightView {
  readonly pointer: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly inputStride: number;
  readonly outputStride: number;
  readonly tapStride: number;
}

/** Work items of the products, each a range of points: enough that threads finish together. */
const wantedItems = 64;

interface WeightedChannels extends Channels {
  readonly weights: WeightView;
}
const all = (tensor: HeapTensor): Channels => ({ tensor, first: 0, count: tensor.shape[4] });
const sumOf = (channels: readonly Channels[]): number => channels.reduce((sum, { count }) => sum + count, 0);
const vectorsIn = (channels: readonly Channels[]): number => channels.reduce((sum, { count }) => sum + vectorsOf(count), 0);

/** Channels in parts of at most so many vectors, and the weights of each. */
function inParts(outputs: readonly WeightedChannels[], vectorsPerPart: number): WeightedChannels[][] {
  const parts: WeightedChannels[][] = [[]];
  for (const { tensor, count, weights } of outputs)
    for (let first = 0; first < count; ) {
      const room = vectorsPerPart - vectorsIn(parts.at(-1)!);
      const taken = Math.min(count - first, vectorLanes * room);
      if (taken > 0) parts.at(-1)!.push({ tensor, first, count: taken, weights: { ...weights, pointer: weights.pointer + first * weights.outputStride, outputs: taken } });
      first += taken;
      if (first < count) parts.push([]);
    }
  return parts.filter((part) => part.length > 0);
}

export function fourierConvolution({ machine }: WasmBackend) {
  const { heap } = machine;
  const products = machine.load((m) => ({ product: spectralProductKernel(m), gradient: spectralGradientKernel(m) }));
  const compiled = new Map<string, ReturnType<typeof compile>>();
  const compile = (plan: FourierPlan) => machine.load((m) => ({ spectra: spectraKernel(m, plan), tiles: tilesKernel(m, plan), kernelSpectra: kernelSpectraKernel(m, plan), kernelGradient: kernelGradientKernel(m, plan) }));
  const kernelsFor = (plan: FourierPlan) => {
    const key = `${plan.taps} ${plan.lengths.join(' ')}`;
    if (!compiled.has(key)) compiled.set(key, compile(plan));
    return compiled.get(key)!;
  };
  /** Waves of the three axes lie one after the other. */
  function withWaves<T>({ taps, lengths }: FourierPlan, weighted: boolean, use: (fields: { wavesX: number; wavesY: number; wavesZ: number }) => T): T {
    const [x, y, z] = lengths.map((length) => waves(length, taps, weighted));
    const values = [...x, ...y, ...z];
    return heap.borrow(values.length * 4, (at) => {
      if (!machine.planOnly) heap.floats(at, values.length).set(values);
      return use({ wavesX: at, wavesY: at + x.length * 4, wavesZ: at + (x.length + y.length) * 4 });
    });
  }
  /** Spectra of one slab of the inputs side by side, as left factors; returns how many rows each point has. */
  function leftSpectra(plan: FourierPlan, inputs: readonly Channels[], firstTile: number, left: number): number {
    // in this order: the last vector of a part may reach over the next one
    return inputs.reduce((before, input, n) => {
      const { rows, fields, items } = slabOf(plan, input, firstTile, plan.rowBytesIn);
      kernelsFor(plan).spectra({ spectra: left + sumOf(inputs.slice(0, n)) * 8, resultsOnly: 0, scalars: 1, ...fields }, items, tileScratchBytes(plan.lengths));
      return Math.max(before, rows);
    }, 0);
  }
  function pointsOf({ points, tilesPerSlab, rowBytesIn, rowBytesOut }: FourierPlan, inputs: number, vectors: number) {
    const pointsPerItem = share(points, wantedItems);
    return {
      fields: { inputs, vectors, leftRowBytes: rowBytesIn, rightRowBytes: rowBytesOut, leftPointBytes: tilesPerSlab * rowBytesIn, points, pointsPerItem },
      kernelPointBytes: inputs * vectors * complexBytes,
      rowPointBytes: tilesPerSlab * rowBytesOut,
      items: Math.ceil(points / pointsPerItem),
    };
  }
  /** Visits the slabs with room for the spectra of inputs and outputs. */
  const bySlab = (plan: FourierPlan, body: (firstTile: number, left: number, right: number) => void): void =>
    heap.borrow(plan.slabBytesIn, (left) =>
      heap.borrow(plan.slabBytesOut, (right) => {
        for (let firstTile = 0; firstTile < plan.tileCount; firstTile += plan.tilesPerSlab) body(firstTile, left, right);
      }),
    );

  function convolvePart(plan: FourierPlan, inputs: readonly Channels[], outputs: readonly WeightedChannels[], matrices: number): void {
    const kernels = kernelsFor(plan);
    const [channelsIn, allVectors] = [sumOf(inputs), vectorsIn(outputs)];
    const { fields, kernelPointBytes, rowPointBytes, items } = pointsOf(plan, channelsIn, allVectors);
    withWaves(plan, false, (waveFields) =>
      outputs.forEach(({ weights: { pointer, ...strides } }, n) => {
        const [firstVector, vectors] = [vectorsIn(outputs.slice(0, n)), vectorsOf(strides.outputs)];
        kernels.kernelSpectra({ weights: pointer, ...strides, spectra: matrices, pointBytes: kernelPointBytes, firstVector, vectors, allVectors, ...waveFields }, kernelItems(firstVector, vectors, channelsIn), kernelScratchBytes(plan));
      }),
    );
    bySlab(plan, (firstTile, left, right) => {
      const rows = leftSpectra(plan, inputs, firstTile, left);
      products.product({ left, right: matrices, result: right, rows, ...fields, rightPointBytes: kernelPointBytes, resultPointBytes: rowPointBytes }, items);
      outputs.forEach((output, n) => {
        const slab = slabOf(plan, output, firstTile, plan.rowBytesOut);
        kernels.tiles({ spectra: right + vectorsIn(outputs.slice(0, n)) * complexBytes, ...slab.fields }, slab.items, tileScratchBytes(plan.lengths));
      });
    });
  }
  function weightGradientPart(plan: FourierPlan, dy: WeightedChannels, inputs: readonly Channels[], sums: number): void {
    const kernels = kernelsFor(plan);
    const [channelsIn, vectors] = [sumOf(inputs), vectorsOf(dy.count)];
    const { fields, kernelPointBytes, rowPointBytes, items } = pointsOf(plan, channelsIn, vectors);
    bySlab(plan, (firstTile, left, right) => {
      const rows = leftSpectra(plan, inputs, firstTile, left);
      const slab = slabOf(plan, dy, firstTile, plan.rowBytesOut);
      kernels.spectra({ spectra: right, resultsOnly: 1, scalars: 0, ...slab.fields }, slab.items, tileScratchBytes(plan.lengths));
      products.gradient({ left, right, result: sums, rows, ...fields, rightPointBytes: rowPointBytes, resultPointBytes: kernelPointBytes, first: Number(firstTile === 0) }, items);
    });
    const { pointer, ...strides } = dy.weights;
    withWaves(plan, true, (waveFields) =>
      kernels.kernelGradient({ weights: pointer, ...strides, spectra: sums, pointBytes: kernelPointBytes, firstVector: 0, vectors, allVectors: vectors, ...waveFields }, kernelItems(0, vectors, channelsIn), kernelScratchBytes(plan)),
    );
  }

  return {
    /** The channels of all inputs, one after the other, convolved to each output with weights of its own. */
    convolve: (plan: FourierPlan, inputs: readonly HeapTensor[], outputs: readonly { tensor: HeapTensor; weights: WeightView }[]): void =>
      heap.borrow(plan.kernelBytes, (matrices) => {
        for (const part of inParts(outputs.map(({ tensor, weights }) => ({ ...all(tensor), weights })), plan.vectorsPerPart)) convolvePart(plan, inputs.map(all), part, matrices);
      }),
    /** The gradient with respect to the weights of the convolution of all inputs' channels: written where `weights` says. */
    weightGradient: (plan: FourierPlan, dy: HeapTensor, inputs: readonly HeapTensor[], weights: WeightView): void =>
      heap.borrow(plan.kernelBytes, (sums) => {
        for (const [part] of inParts([{ ...all(dy), weights }], plan.vectorsPerPart)) weightGradientPart(plan, part, inputs.map(all), sums);
      }),
  };
}
