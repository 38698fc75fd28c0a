/** @file Weights between e3nn's layout and the streams of the fast pass: radial functions, path normalisation and coupling scales are folded in, so that mixing is one multiplication. */
import type { Irreps } from '../../../../math/so3/irreps';
import type { Lattice } from '../../../../math/so3/lattice';
import { pathsOf, selfPathsOf, weightsOf, type SteerablePath } from '../../../../math/so3/steerable-paths';
import { transposeSign } from './couplings';
import type { Stencil } from './stencil';
import { targetOf } from './stream-plan';

/** What one stream multiplies: a path in one radial stream, or the self-connection. */
interface Stream {
  readonly path: SteerablePath;
  /** Per radial function, factor included; null for the self-connection. */
  readonly radial: readonly { row: number; value: number }[] | null;
  readonly factor: number;
}
/** Weights of one pair of entries, as the pass walks through them. */
interface PairBlock {
  readonly multiplicityIn: number;
  readonly multiplicityOut: number;
  readonly streams: readonly Stream[];
}
type Direction = 'forward' | 'adjoint';
export interface WeightLayout extends Readonly<Record<Direction, readonly PairBlock[]>> {
  /** Columns of `weight`. */
  readonly columns: number;
  /** Length of the packed weights, the same in both directions. */
  readonly length: number;
  /** By direction and block size, made when first needed. */
  readonly orders: Map<string, PackedOrder>;
}

export function weightLayout(stencil: Stencil, { points }: Lattice, { irrepsIn, irrepsOut, harmonics }: Record<'irrepsIn' | 'irrepsOut' | 'harmonics', Irreps>): WeightLayout {
  const paths = pathsOf(irrepsIn, irrepsOut, harmonics);
  const selfPaths = selfPathsOf(irrepsIn, irrepsOut);
  const block = (from: Irreps, to: Irreps, entryFrom: number, entryTo: number, adjoint: boolean): PairBlock => {
    const [entryIn, entryOut] = adjoint ? [entryTo, entryFrom] : [entryFrom, entryTo];
    const [a, b] = [from[entryFrom]!, to[entryTo]!];
    const streams: Stream[] = targetOf(stencil, harmonics, a.degree, b.degree, a.parity === b.parity ? 1 : -1).couplings.flatMap((coupling) => {
      const path = paths.find((p) => p.entryIn === entryIn && p.entryOut === entryOut && p.degree === coupling.degree)!;
      const sign = adjoint ? transposeSign(coupling) * (coupling.degree % 2 ? -1 : 1) : 1;
      const factor = (sign * path.coefficient * coupling.scale) / points;
      return stencil.radial[coupling.degree]!.map(({ functions }) => ({ path, radial: functions.map(({ row, value }) => ({ row, value: value * factor })), factor }));
    });
    const self = selfPaths.find((p) => p.entryIn === entryIn && p.entryOut === entryOut);
    if (self) streams.push({ path: self, radial: null, factor: self.coefficient });
    return { multiplicityIn: a.multiplicity, multiplicityOut: b.multiplicity, streams };
  };
  const blocks = (from: Irreps, to: Irreps, adjoint: boolean) => from.flatMap((_, i) => to.map((_, o) => block(from, to, i, o, adjoint)));
  const forward = blocks(irrepsIn, irrepsOut, false);
  return {
    orders: new Map(),
    columns: weightsOf(paths),
    length: forward.reduce((sum, { multiplicityIn, multiplicityOut, streams }) => sum + multiplicityIn * multiplicityOut * streams.length, 0),
    forward,
    adjoint: blocks(irrepsOut, irrepsIn, true),
  };
}

/** For each packed weight its stream and its column in `weight` (its place in `self`). Order: [block of output copies][copy in][stream][copy out in the block]. */
interface PackedOrder {
  readonly streams: readonly Stream[];
  readonly stream: Int32Array;
  readonly index: Int32Array;
}
function packedOrder(layout: WeightLayout, direction: Direction, blockSize: number): PackedOrder {
  const key = `${direction} ${blockSize}`;
  if (!layout.orders.has(key)) {
    const streams = layout[direction].flatMap((block) => block.streams);
    const [stream, index] = [new Int32Array(layout.length), new Int32Array(layout.length)];
    let [position, before] = [0, 0];
    for (const { multiplicityIn, multiplicityOut, streams: own } of layout[direction]) {
      for (let first = 0; first < multiplicityOut; first += blockSize) {
        const size = Math.min(blockSize, multiplicityOut - first);
        for (let u = 0; u < multiplicityIn; u++)
          for (let s = 0; s < own.length; s++)
            for (let w = first; w < first + size; w++) {
              stream[position] = before + s;
              index[position++] = own[s]!.path.offset + (direction === 'adjoint' ? w * multiplicityIn + u : u * multiplicityOut + w);
            }
      }
      before += own.length;
    }
    layout.orders.set(key, { streams, stream, index });
  }
  return layout.orders.get(key)!;
}

/** e3nn's weights as the pass reads them. */
export function packWeights(layout: WeightLayout, weight: Float32Array, self: Float32Array, direction: Direction, blockSize: number, packed: Float32Array): void {
  const { streams, stream, index } = packedOrder(layout, direction, blockSize);
  for (let at = 0; at < packed.length; at++) {
    const { radial, factor } = streams[stream[at]!]!;
    if (radial) {
      let sum = 0;
      for (let i = 0; i < radial.length; i++) sum += radial[i]!.value * weight[radial[i]!.row * layout.columns + index[at]!]!;
      packed[at] = sum;
    } else packed[at] = self[index[at]!]! * factor;
  }
}

/** Gradient of a pass's packed weights carried back to e3nn's weights. */
export function unpackGradient(layout: WeightLayout, packed: Float32Array, direction: Direction, blockSize: number, weight: Float32Array, self: Float32Array): void {
  const { streams, stream, index } = packedOrder(layout, direction, blockSize);
  const exact = new Float64Array(weight.length);
  for (let at = 0; at < packed.length; at++) {
    const { radial, factor } = streams[stream[at]!]!;
    const gradient = packed[at]!;
    if (radial) for (let i = 0; i < radial.length; i++) exact[radial[i]!.row * layout.columns + index[at]!]! += radial[i]!.value * gradient;
    else self[index[at]!] = gradient * factor;
  }
  weight.set(exact);
}
