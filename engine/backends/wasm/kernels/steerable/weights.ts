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
  /** Per radial function; null for the self-connection. */
  readonly radial: readonly { row: number; value: number }[] | null;
  readonly factor: number;
}
/** Weights of one pair of entries, as the pass walks through them. */
interface PairBlock {
  readonly multiplicityIn: number;
  readonly multiplicityOut: number;
  readonly streams: readonly Stream[];
}
export interface WeightLayout {
  /** Columns of `weight`. */
  readonly columns: number;
  /** Length of the packed weights, the same in both directions. */
  readonly length: number;
  readonly forward: readonly PairBlock[];
  /** From irrepsOut back to irrepsIn. */
  readonly adjoint: readonly PairBlock[];
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
      return stencil.radial[coupling.degree]!.map(({ functions }) => ({ path, radial: functions, factor: (sign * path.coefficient * coupling.scale) / points }));
    });
    const self = selfPaths.find((p) => p.entryIn === entryIn && p.entryOut === entryOut);
    if (self) streams.push({ path: self, radial: null, factor: self.coefficient });
    return { multiplicityIn: a.multiplicity, multiplicityOut: b.multiplicity, streams };
  };
  const blocks = (from: Irreps, to: Irreps, adjoint: boolean) => from.flatMap((_, i) => to.map((_, o) => block(from, to, i, o, adjoint)));
  const forward = blocks(irrepsIn, irrepsOut, false);
  return {
    columns: weightsOf(paths),
    length: forward.reduce((sum, { multiplicityIn, multiplicityOut, streams }) => sum + multiplicityIn * multiplicityOut * streams.length, 0),
    forward,
    adjoint: blocks(irrepsOut, irrepsIn, true),
  };
}

/** Visits packed positions: [block of output copies][copy in][stream][copy out in the block]. */
function eachPacked({ multiplicityIn, multiplicityOut, streams }: PairBlock, start: number, blockSize: number, adjoint: boolean, visit: (position: number, stream: Stream, index: number) => void): number {
  let position = start;
  for (let first = 0; first < multiplicityOut; first += blockSize) {
    const size = Math.min(blockSize, multiplicityOut - first);
    for (let u = 0; u < multiplicityIn; u++)
      for (const stream of streams)
        for (let w = first; w < first + size; w++) visit(position++, stream, stream.path.offset + (adjoint ? w * multiplicityIn + u : u * multiplicityOut + w));
  }
  return position;
}

/** e3nn's weights as the pass reads them. */
export function packWeights(layout: WeightLayout, weight: Float32Array, self: Float32Array, direction: 'forward' | 'adjoint', blockSize: number, packed: Float32Array): void {
  let position = 0;
  for (const block of layout[direction])
    position = eachPacked(block, position, blockSize, direction === 'adjoint', (at, { radial, factor }, index) => {
      if (!radial) {
        packed[at] = self[index]! * factor;
        return;
      }
      let sum = 0;
      for (let i = 0; i < radial.length; i++) sum += radial[i]!.value * weight[radial[i]!.row * layout.columns + index]!;
      packed[at] = sum * factor;
    });
}

/** Gradient of the packed weights of the adjoint pass carried back to e3nn's weights. */
export function unpackGradient(layout: WeightLayout, packed: Float32Array, blockSize: number, weight: Float32Array, self: Float32Array): void {
  const exact = new Float64Array(weight.length);
  let position = 0;
  for (const block of layout.adjoint)
    position = eachPacked(block, position, blockSize, true, (at, { radial, factor }, index) => {
      const gradient = packed[at]! * factor;
      if (!radial) {
        self[index] = gradient;
        return;
      }
      for (let i = 0; i < radial.length; i++) exact[radial[i]!.row * layout.columns + index]! += radial[i]!.value * gradient;
    });
  weight.set(exact);
}
