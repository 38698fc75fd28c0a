/** @file The steerable convolution of one tensor or of two side by side, with its self-connection, never by the dense kernel; both gradients come from one pass over dy. */
import { badInput } from '../../../contract/problem';
import { dimension, printIrreps, type Irreps } from '../../../math/so3/irreps';
import { lattice, type Lattice, type LatticeSpec } from '../../../math/so3/lattice';
import { selfPathsOf, weightsOf } from '../../../math/so3/steerable-paths';
import type { SteerableConvolutionAttributes } from '../../../ops/operators';
import type { BoundKernel } from '../machine';
import type { HeapTensor, WasmBackend } from '../backend';
import type { KernelFactory } from './kernel';
import { maximumDegree } from './steerable/harmonic-polynomials';
import { eightBytes } from './steerable/stages';
import { stencilOf, type Stencil } from './steerable/stencil';
import { chooseFourierPlan, type ChoosePlan } from './steerable/fourier/choose-plan';
import { firstChannels, steerableFourier, type FourierLayer } from './steerable/fourier/steerable-fourier';
import { printPlan, streamPlan, type StreamPlan } from './steerable/stream-plan';
import { chooseTile, planesPerTile, type TileShape } from './steerable/tile-shape';
import type { passFields} from './steerable/tiles';
import { correlateBlock, emitPass, emitSumSlabs, entryWords, kindOf, mixBlock, passScratchBytes, weightsPerSumItem, withGradient, withOutput } from './steerable/tiles';
import { packWeights, unpackGradient, weightLayout, type WeightLayout } from './steerable/weights';

/** Partial weight gradients at most: fixed, so that sums do not depend on the number of threads. */
const maximumSlabs = 16;

/** What is known of a layer before its weights. */
interface Layer {
  readonly lattice: Lattice;
  readonly stencil: Stencil;
  /** Names the lattice and harmonics. */
  readonly tables: string;
  readonly layout: WeightLayout;
  readonly plans: { readonly forward: StreamPlan; readonly adjoint: StreamPlan };
}
const channelsOf = ({ shape }: HeapTensor): number => shape[4]!;
const printLattice = ({ diameter, steps, radialFunctions, cutoff }: LatticeSpec): string => `${diameter} ${steps.join(' ')} ${radialFunctions} ${cutoff}`;

type Names = 'SteerableConvolution' | 'SteerableConvolutionBackward' | 'SteerableConvolutionBackwardWeight' | 'SteerableConvolutionOfTwo' | 'SteerableConvolutionOfTwoBackward';
export const steerableConvolution = (backend: WasmBackend, choosePlan: ChoosePlan = chooseFourierPlan): ReturnType<KernelFactory<Names>> => {
  const { machine } = backend;
  const { heap } = machine;
  const { sumSlabs } = machine.load((m) => ({ sumSlabs: emitSumSlabs(m) }));
  const stencils = new Map<string, { lattice: Lattice; stencil: Stencil }>();
  const fourier = steerableFourier(backend);
  const layers = new Map<string, Layer>();
  const passes = new Map<string, BoundKernel<typeof passFields>>();

  const stencilFor = (spec: LatticeSpec, harmonics: Irreps) => {
    const key = `${printLattice(spec)} ${printIrreps(harmonics)}`;
    if (!stencils.has(key)) {
      const voxels = lattice(spec);
      stencils.set(key, { lattice: voxels, stencil: stencilOf(voxels, harmonics.map(({ degree }) => degree)) });
    }
    return stencils.get(key)!;
  };
  const layerOf = (attributes: SteerableConvolutionAttributes): Layer => {
    const { irrepsIn, irrepsOut, harmonics } = attributes;
    const key = `${printIrreps(irrepsIn)} ${printIrreps(irrepsOut)} ${printIrreps(harmonics)} ${printLattice(attributes.lattice)}`;
    if (!layers.has(key)) {
      for (const irreps of [irrepsIn, irrepsOut, harmonics])
        if (irreps.some(({ degree }) => degree > maximumDegree)) throw badInput(`The irreps ${printIrreps(irreps)} have a degree above ${maximumDegree}.`, `Use degrees up to ${maximumDegree}.`);
      const { lattice: voxels, stencil } = stencilFor(attributes.lattice, harmonics);
      const plans = { forward: streamPlan(stencil, harmonics, irrepsIn, irrepsOut), adjoint: streamPlan(stencil, harmonics, irrepsOut, irrepsIn) };
      layers.set(key, { lattice: voxels, stencil, tables: `${printLattice(attributes.lattice)} ${printIrreps(harmonics)}`, layout: weightLayout(stencil, voxels, attributes), plans });
    }
    return layers.get(key)!;
  };
  /** Compiled once for each lattice, kinds of entries and tile shape, whatever the multiplicities. */
  const passFor = ({ stencil, tables }: Layer, plan: StreamPlan, tile: TileShape) => {
    const key = `${tables} ${printPlan(plan)} ${tile.width} ${tile.height}`;
    if (!passes.has(key)) passes.set(key, machine.load((m) => ({ pass: emitPass(m, stencil, plan, tile) })).pass);
    return passes.get(key)!;
  };
  /** `tensors`: channels of the tensors that lie in whole vectors side by side; without, all channels are in a row. */
  /** Tables of the entries of inputs and outputs for the time of a call; inputs may lie in several tensors. */
  function withEntries<T>(irrepsIn: Irreps, tensors: readonly number[], irrepsOut: Irreps, use: (entries: { in: number; out: number }) => T): T {
    const withTable = <R>(irreps: Irreps, tensors: readonly number[], then: (at: number) => R): R =>
      heap.borrow(irreps.length * entryWords * 4, (at) => {
        const first = firstChannels(irreps, tensors);
        heap.integers(at, irreps.length * entryWords).set(irreps.flatMap(({ degree, parity, multiplicity }, n) => [kindOf(degree, parity), multiplicity, first[n]!]));
        return then(at);
      });
    return withTable(irrepsIn, tensors, (into) => withTable(irrepsOut, [], (out) => use({ in: into, out })));
  }

  /** One or two tensors side by side. */
  type SideBySide = readonly HeapTensor[];
  interface Pass {
    layer: Layer;
    plan: StreamPlan;
    irrepsFrom: Irreps;
    irrepsTo: Irreps;
    from: SideBySide;
    /** Mixed from the streams with the packed weights. */
    mixed?: { outputs: SideBySide; packed: number };
    /** For the weight gradient: what is correlated with the streams. */
    with?: SideBySide;
  }
  /** Runs the pass on each item of the batch, and hands over the summed packed gradient where one is asked for. */
  function run({ layer, plan, irrepsFrom, irrepsTo, from, mixed, with: other }: Pass, use?: (gradient: Float32Array) => void): void {
    const { layout, stencil } = layer;
    const [batch, sizeZ, sizeY, sizeX] = from[0]!.shape as [number, number, number, number];
    const tile = chooseTile(sizeX, sizeZ);
    const planes = planesPerTile(sizeX, sizeY, sizeZ, tile);
    const [tilesX, tilesZ] = [Math.ceil(sizeX / tile.width), Math.ceil(sizeZ / tile.height)];
    const tiles = tilesX * tilesZ * Math.ceil(sizeY / planes);
    const tilesPerItem = other ? Math.ceil(tiles / maximumSlabs) : 1;
    const slabs = Math.ceil(tiles / tilesPerItem);
    const [channelsFrom, channelsTo] = [dimension(irrepsFrom), dimension(irrepsTo)];
    const gradientBytes = other ? layout.length * eightBytes : 0;
    const pass = passFor(layer, plan, tile);
    const withGradients = (then: (gradients: number) => void): void => (other ? heap.borrow(gradientBytes * slabs * batch, then) : then(0));
    withEntries(irrepsFrom, [], irrepsTo, (entries) => withGradients((gradients) => {
      const voxels = sizeX * sizeY * sizeZ;
      for (let b = 0; b < batch; b++) {
        const [[x, xSecond], [y, ySecond], [dy, dySecond]] = [from, mixed?.outputs, other].map((tensors) => [0, 1].map((n) => (tensors?.[n] ? tensors[n].pointer + b * voxels * channelsOf(tensors[n]) * 4 : 0))) as [number, number][];
        pass(
          {
            x, xSecond, y, ySecond, dy, dySecond,
            weights: mixed?.packed ?? 0, gradients: gradients + b * slabs * gradientBytes, gradientBytes,
            entriesIn: entries.in, countIn: irrepsFrom.length, entriesOut: entries.out, countOut: irrepsTo.length, channelsIn: channelsFrom, channelsOut: channelsTo,
            firstIn: channelsOf(from[0]!), firstOut: channelsOf((mixed?.outputs ?? other)![0]!),
            sizeX, sizeY, sizeZ, planes, tilesX, tilesZ, tiles, tilesPerItem,
            mode: (mixed ? withOutput : 0) + (other ? withGradient : 0),
          },
          slabs,
          passScratchBytes(stencil, plan, tile, planes, channelsTo),
        );
      }
      if (use) withSum(layout, gradients, slabs * batch, use);
    }));
  }
  /** Hands over partial gradients added up. */
  const withSum = (layout: WeightLayout, gradients: number, count: number, use: (gradient: Float32Array) => void): void =>
    heap.borrow(layout.length * 4, (sum) => {
      sumSlabs({ gradients, sum, slabs: count, gradientBytes: layout.length * eightBytes, weights: layout.length }, Math.ceil(layout.length / weightsPerSumItem));
      use(heap.floats(sum, layout.length));
    });
  const fourierLayer = ({ lattice, stencil, tables, plans, layout }: Layer, { irrepsIn, irrepsOut, harmonics }: SteerableConvolutionAttributes, inputs: SideBySide): FourierLayer => ({ lattice, stencil, tables, plan: plans.forward, irrepsIn, irrepsOut, harmonics, inputs: inputs.map(channelsOf), weights: layout.length });
  const values = ({ pointer, size }: HeapTensor) => heap.floats(pointer, size);

  function forward(inputs: SideBySide, weight: HeapTensor, self: HeapTensor, attributes: SteerableConvolutionAttributes) {
    const layer = layerOf(attributes);
    const { layout, plans } = layer;
    const { irrepsIn, irrepsOut } = attributes;
    const { shape } = inputs[0]!;
    const y = backend.output([...shape.slice(0, 4), dimension(irrepsOut)]);
    const byFourier = fourierLayer(layer, attributes, inputs);
    heap.borrow(layout.length * 4, (packed) => {
      const fourierPlan = choosePlan(byFourier, shape, 'forward');
      packWeights(layout, values(weight), values(self), 'forward', fourierPlan ? 1 : mixBlock, heap.floats(packed, layout.length));
      if (fourierPlan) withEntries(irrepsIn, byFourier.inputs, irrepsOut, (entries) => fourier.convolve(byFourier, fourierPlan, entries, inputs, packed, y));
      else run({ layer, plan: plans.forward, irrepsFrom: irrepsIn, irrepsTo: irrepsOut, from: inputs, mixed: { outputs: [y], packed } });
    });
    return [y.info];
  }
  /** The gradients of the inputs, of the weights and of the self-connection. */
  function backward(dy: HeapTensor, inputs: SideBySide, weight: HeapTensor, self: HeapTensor, attributes: SteerableConvolutionAttributes) {
    const layer = layerOf(attributes);
    const { layout, plans } = layer;
    const { irrepsIn, irrepsOut } = attributes;
    const dinputs = inputs.map(({ shape }) => backend.output(shape));
    const [dweight, dself] = [backend.output(weight.shape), backend.output(self.shape)];
    const byFourier = fourierLayer(layer, attributes, inputs);
    heap.borrow(layout.length * 4, (packed) => {
      const fourierPlan = choosePlan(byFourier, dy.shape, 'backward');
      packWeights(layout, values(weight), values(self), fourierPlan ? 'forward' : 'adjoint', fourierPlan ? 1 : mixBlock, heap.floats(packed, layout.length));
      const unpack = (gradient: Float32Array): void => unpackGradient(layout, gradient, fourierPlan ? 'forward' : 'adjoint', fourierPlan ? 1 : correlateBlock, values(dweight), values(dself));
      if (fourierPlan) withEntries(irrepsIn, byFourier.inputs, irrepsOut, (entries) => fourier.backward(byFourier, fourierPlan, entries, dy, inputs, packed, dinputs, (gradients, count) => withSum(layout, gradients, count, unpack)));
      else run({ layer, plan: plans.adjoint, irrepsFrom: irrepsOut, irrepsTo: irrepsIn, from: [dy], mixed: { outputs: dinputs, packed }, with: inputs }, unpack);
    });
    return [...dinputs, dweight, dself].map(({ info }) => info);
  }

  return {
    SteerableConvolution: ({ x, weight, self }, attributes) => forward([x], weight, self, attributes),
    SteerableConvolutionOfTwo: ({ a, b, weight, self }, attributes) => forward([a, b], weight, self, attributes),
    SteerableConvolutionBackward: ({ dy, x, weight, self }, attributes) => backward(dy, [x], weight, self, attributes),
    SteerableConvolutionOfTwoBackward: ({ dy, a, b, weight, self }, attributes) => backward(dy, [a, b], weight, self, attributes),
    // streams of x, which has fewer components than dy where no gradient of it is wanted: it is the image
    SteerableConvolutionBackwardWeight: ({ dy, x }, attributes) => {
      const layer = layerOf(attributes);
      const { layout, plans } = layer;
      const { irrepsIn, irrepsOut, lattice: { radialFunctions } } = attributes;
      const outputs = [backend.output([radialFunctions, layout.columns]), backend.output([weightsOf(selfPathsOf(irrepsIn, irrepsOut))])] as const;
      const [dweight, dself] = outputs;
      run({ layer, plan: plans.forward, irrepsFrom: irrepsIn, irrepsTo: irrepsOut, from: [x], with: [dy] }, (gradient) => unpackGradient(layout, gradient, 'forward', correlateBlock, values(dweight), values(dself)));
      return outputs.map(({ info }) => info);
    },
  };
};
