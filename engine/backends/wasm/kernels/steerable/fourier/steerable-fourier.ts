/** @file Steerable convolutions and their gradients by Fourier transforms of tiles, slab by slab. */
import { dimension, printIrreps, type Irreps } from '../../../../../math/so3/irreps';
import type { HeapTensor, WasmBackend } from '../../../backend';
import type { BoundKernel } from '../../../machine';
import { mostBytes, share } from '../../convolution/blocks';
import { wholeVectors, type TilePlan } from '../../convolution/fourier/fourier-plan';
import { partBytes } from '../../convolution/fourier/fourier-transform';
import { groupsOf, pointsPerBlock } from '../../convolution/fourier/point-blocks';
import { slabOf, spectraKernel, tileScratchBytes, tilesKernel } from '../../convolution/fourier/tile-spectra';
import { printPlan, targetOf, type StreamPlan } from '../stream-plan';
import { rowBytes, type LayerShape } from './choose-plan';
import { harmonicSpectra } from './harmonic-spectra';
import { numberBytes, partsOf } from './point-matrices';
import { reflectionSigns } from './reflection-signs';
import { emitPointPasses, pointScratchBytes, type pointFields } from './point-passes';

/** Work items of a pass, each a range of groups of blocks of points; with partial gradients of the weights at most so many, whatever the number of threads. */
const itemsForward = 100;
const itemsBackward = 16;

export interface FourierLayer extends LayerShape {
  /** Names the lattice and harmonics. */
  readonly tables: string;
  readonly plan: StreamPlan;
  /** Packed weights [pair of entries, copy out, copy in, stream]. */
  readonly weights: number;
}

/** Where the channels of each entry begin in a row of spectra: those of every tensor in whole vectors. */
export function firstChannels(irreps: Irreps, tensors: readonly number[]): number[] {
  return irreps.map((_, n) => {
    let [channel, before] = [dimension(irreps.slice(0, n)), 0];
    for (const channels of tensors) {
      if (channel < channels) break;
      channel -= channels;
      before += wholeVectors(channels);
    }
    return before + channel;
  });
}

/** Bytes of the signs of a channel, four lanes for each part, for each byte of its spectra. */
const signBytes = 32 / numberBytes;

/** Spectra are [pair of tiles, block of points, tile, channel]; pairs lie a little apart, or those of one block would share cache sets. */
const pairBytes = ({ points }: TilePlan, rowBytes: number): number => (points / pointsPerBlock) * 2 * rowBytes + 1088;

export function steerableFourier({ machine }: WasmBackend) {
  const { heap } = machine;
  const compile = (plan: TilePlan) => machine.load((m) => ({ spectra: spectraKernel(m, plan, 'points'), tiles: tilesKernel(m, plan, 'points') }));
  const transforms = new Map<string, ReturnType<typeof compile>>();
  const passes = new Map<string, { forward: BoundKernel<typeof pointFields>; backward: BoundKernel<typeof pointFields> }>();
  const tables = new Map<string, number>();
  function known<T>(map: Map<string, T>, key: string, make: () => T): T {
    if (!map.has(key)) map.set(key, make());
    return map.get(key)!;
  }
  const transformsFor = (plan: TilePlan) => known(transforms, `${plan.taps} ${plan.lengths.join(' ')}`, () => compile(plan));
  const passesFor = (layer: FourierLayer, { lengths }: TilePlan) => known(passes, `${layer.tables} ${printPlan(layer.plan)} ${lengths.join(' ')}`, () => machine.load((m) => emitPointPasses(m, layer.stencil, layer.plan, lengths)));
  /** A table that lives as long as the backend. */
  const tableOf = (name: string, make: () => Float32Array | Int32Array): number =>
    known(tables, name, () => {
      const values = make();
      const at = heap.allocate(values.byteLength);
      heap.integers(at, values.length).set(new Int32Array(values.buffer, values.byteOffset, values.length));
      return at;
    });
  const harmonicsFor = ({ tables: name, lattice, stencil }: FourierLayer, { lengths }: TilePlan): number => tableOf(`${name} ${lengths.join(' ')}`, () => harmonicSpectra(lattice, stencil, lengths));
  /** Signs of the channels of a row of spectra: tensors side by side, of so many channels. */
  const signsFor = (irreps: Irreps, tensors: readonly number[]): number => tableOf(`signs ${printIrreps(irreps)} ${tensors.join(' ')}`, () => reflectionSigns(irreps, firstChannels(irreps, tensors), rowBytes(tensors) / numberBytes));
  /** For each entry that is made: its channels, and the ranges of channels it is made from with the parts of their numbers. */
  function rangesOf({ stencil, harmonics, irrepsIn, irrepsOut, inputs }: FourierLayer, backward: boolean): Int32Array {
    const [ins, outs] = [{ irreps: irrepsIn, first: firstChannels(irrepsIn, inputs) }, { irreps: irrepsOut, first: firstChannels(irrepsOut, []) }];
    const [{ irreps: to, first: firstTo }, { irreps: from, first: firstFrom }] = backward ? [ins, outs] : [outs, ins];
    return Int32Array.from(
      to.flatMap((made, n) => {
        const ranges: number[][] = [];
        from.forEach((source, s) => {
          const [input, output] = backward ? [made, source] : [source, made];
          const target = targetOf(stencil, harmonics, input.degree, output.degree, input.parity === output.parity ? 1 : -1);
          if (target.streams === 0) return;
          const count = source.multiplicity * (2 * source.degree + 1);
          const last = ranges.at(-1);
          if (last && last[2] === partsOf(target) && last[0]! + last[1]! === firstFrom[s]) last[1]! += count;
          else ranges.push([firstFrom[s]!, count, partsOf(target)]);
        });
        return [firstTo[n]!, made.multiplicity * (2 * made.degree + 1), ranges.length, ...ranges.flat()];
      }),
    );
  }
  const withIntegers = <T>(values: Int32Array, use: (at: number) => T): T =>
    heap.borrow(values.length * 4, (at) => {
      heap.integers(at, values.length).set(values);
      return use(at);
    });
  const all = (tensor: HeapTensor) => ({ tensor, first: 0, count: tensor.shape[4]! });

  /** Visits the slabs with room for the spectra of inputs and outputs, and the fields of a pass there. */
  function bySlab(layer: FourierLayer, plan: TilePlan, backward: boolean, entries: { in: number; out: number }, packed: number, body: (slab: { firstTile: number; x: Rows; y: Rows; fields: Record<keyof typeof pointFields, number> }) => void): void {
    const { irrepsIn, irrepsOut, inputs } = layer;
    const channelsOut = dimension(irrepsOut);
    const [rowBytesIn, rowBytesOut] = [rowBytes(inputs), rowBytes([channelsOut])];
    const pairs = plan.tilesPerSlab / 2;
    const [pairBytesIn, pairBytesOut] = [pairBytes(plan, rowBytesIn), pairBytes(plan, rowBytesOut)];
    const harmonics = harmonicsFor(layer, plan);
    withIntegers(rangesOf(layer, backward), (ranges) =>
      heap.borrow(pairs * pairBytesIn, (x) =>
        heap.borrow(pairs * pairBytesOut, (y) => {
          for (let firstTile = 0; firstTile < plan.tileCount; firstTile += plan.tilesPerSlab)
            body({
              firstTile,
              x: { at: x, bytes: rowBytesIn, signs: signsFor(irrepsIn, inputs) },
              y: { at: y, bytes: rowBytesOut, signs: signsFor(irrepsOut, [channelsOut]) },
              fields: {
                x, y, harmonics, weights: packed, gradients: 0, gradientBytes: 0, isFirst: 0,
                entriesIn: entries.in, countIn: irrepsIn.length, entriesOut: entries.out, countOut: irrepsOut.length,
                channelsIn: rowBytesIn / numberBytes, channelsOut, ranges,
                pairs: Math.min(pairs, Math.ceil((plan.tileCount - firstTile) / 2)), rowBytesIn, rowBytesOut, pairBytesIn, pairBytesOut, groups: groupsOf(plan.lengths).count, groupsPerItem: 0,
              },
            });
        }),
      ),
    );
  }
  /** With more threads a slab of a forward pass holds more tiles, so that each thread has some to transform: its results do not depend on slabs, as sums of gradients do. */
  function forThreads({ inputs, irrepsOut }: FourierLayer, plan: TilePlan): TilePlan {
    const most = 2 * Math.floor(mostBytes / pairBytes(plan, rowBytes(inputs) + rowBytes([dimension(irrepsOut)])));
    const wanted = plan.tilesPerSlab * Math.ceil(machine.threads / 2);
    return { ...plan, tilesPerSlab: Math.max(plan.tilesPerSlab, Math.min(wanted, most, 2 * Math.ceil(plan.tileCount / 2))) };
  }
  /** Rows of spectra of one or several tensors side by side: where the first begins, their bytes, and the signs of their channels. */
  interface Rows {
    readonly at: number;
    readonly bytes: number;
    readonly signs: number;
  }
  /** Visits the tensors of a row of spectra: fields and items of their transforms. */
  const sideBySide = (plan: TilePlan, tensors: readonly HeapTensor[], firstTile: number, { at, bytes, signs }: Rows, visit: (fields: ReturnType<typeof slabOf>['fields'] & { spectra: number }, items: number) => void): void =>
    tensors.forEach((tensor, n) => {
      const before = rowBytes(tensors.slice(0, n).map(({ shape }) => shape[4]!));
      const { fields, items } = slabOf(plan, all(tensor), firstTile, bytes);
      visit({ ...fields, spectra: at + before, pairBytes: pairBytes(plan, bytes), pointBytes: 2 * bytes, signs: signs + before * signBytes, signBytes: bytes * signBytes }, items);
    });
  const toSpectra = (plan: TilePlan, tensors: readonly HeapTensor[], firstTile: number, rows: Rows, resultsOnly: 0 | 1): void =>
    sideBySide(plan, tensors, firstTile, rows, (fields, items) => transformsFor(plan).spectra({ ...fields, resultsOnly, scalars: 0 }, items, tileScratchBytes(plan.lengths)));
  const toTiles = (plan: TilePlan, tensors: readonly HeapTensor[], firstTile: number, rows: Rows): void =>
    sideBySide(plan, tensors, firstTile, rows, (fields, items) => transformsFor(plan).tiles(fields, items, tileScratchBytes(plan.lengths)));
  const scratchBytes = ({ inputs, irrepsOut }: FourierLayer, { tilesPerSlab }: TilePlan): number => pointScratchBytes(rowBytes(inputs) / numberBytes, dimension(irrepsOut), tilesPerSlab / 2);

  return {
    /** `entries`: tables of the entries of inputs and outputs; `packed`: the weights. */
    convolve(layer: FourierLayer, chosen: TilePlan, entries: { in: number; out: number }, inputs: readonly HeapTensor[], packed: number, result: HeapTensor): void {
      const plan = forThreads(layer, chosen);
      bySlab(layer, plan, false, entries, packed, ({ firstTile, fields, x, y }) => {
        toSpectra(plan, inputs, firstTile, x, 0);
        const groupsPerItem = share(fields.groups, itemsForward);
        passesFor(layer, plan).forward({ ...fields, groupsPerItem }, Math.ceil(fields.groups / groupsPerItem), scratchBytes(layer, plan));
        toTiles(plan, [result], firstTile, y);
      });
    },
    /** Writes the gradient of the inputs, and shows partial gradients of the packed weights, two vectors each, and how many there are. */
    backward(layer: FourierLayer, plan: TilePlan, entries: { in: number; out: number }, dy: HeapTensor, inputs: readonly HeapTensor[], packed: number, dinputs: readonly HeapTensor[], use: (gradients: number, count: number) => void): void {
      const { count: groups } = groupsOf(plan.lengths);
      const groupsPerItem = share(groups, itemsBackward);
      const count = Math.ceil(groups / groupsPerItem);
      const gradientBytes = layer.weights * partBytes;
      heap.borrow(gradientBytes * count, (gradients) => {
        bySlab(layer, plan, true, entries, packed, ({ firstTile, fields, x, y }) => {
          // the gradient with respect to a weight pairs every result's gradient with all it saw: halos on one side only
          toSpectra(plan, [dy], firstTile, y, 0);
          toSpectra(plan, inputs, firstTile, x, 1);
          passesFor(layer, plan).backward({ ...fields, groupsPerItem, gradients, gradientBytes, isFirst: Number(firstTile === 0) }, count, scratchBytes(layer, plan));
          toTiles(plan, dinputs, firstTile, x);
        });
        use(gradients, count);
      });
    },
  };
}
